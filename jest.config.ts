import type { Config } from 'jest';

/** Unit suite: hermetic, no Docker. Scenarios have their own configuration (harness/scenario/run/jest.config.ts). */
const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/fabric-client', '<rootDir>/harness', '<rootDir>/fixtures'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/fixtures/.*/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript', decorators: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // No test asserts a time; a busy machine must not turn one red.
  testTimeout: 60_000,
  maxWorkers: 2,
};

export default config;
