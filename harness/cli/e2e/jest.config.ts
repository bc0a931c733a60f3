import path from 'node:path';
import type { Config } from 'jest';
import unit from '../../../jest.config.ts';

/**
 * End-to-end suite of the command line (`npm run test:e2e [-- FILE]`): starts the command as a user does, on the engine
 * that answers, and looks at that engine from outside. Networks are called e2e-a and e2e-b; other networks on the
 * engine are left alone. Takes about half an hour; not part of the unit suite.
 */
const config: Config = {
  ...(unit.transform ? { transform: unit.transform } : {}),
  extensionsToTreatAsEsm: ['.ts'],
  rootDir: path.resolve(import.meta.dirname, '../../..'),
  roots: ['<rootDir>/harness/cli/e2e'],
  testMatch: ['**/*.e2e.ts'],
  testEnvironment: 'node',
  testTimeout: 600_000,
  maxWorkers: 1,
  watchman: false,
  verbose: true,
};

export default config;
