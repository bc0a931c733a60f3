import path from 'node:path';
import type { Config } from 'jest';
import unit from '../../../jest.config.ts';

/**
 * Scenario suites: real network, one after the other, in one process. Files are given on the command line and may lie
 * anywhere; what they import as `fabric-swarm-harness` is the author's interface.
 */
const config: Config = {
  ...(unit.transform ? { transform: unit.transform } : {}),
  extensionsToTreatAsEsm: ['.ts'],
  rootDir: path.resolve(import.meta.dirname, '../../..'),
  roots: JSON.parse(process.env.SCENARIO_ROOTS ?? '["/"]') as string[],
  testMatch: ['**/*.scenario.ts', '**/*.scenario.js', '**/*.scenario.mjs'],
  testPathIgnorePatterns: ['/node_modules/'],
  testEnvironment: 'node',
  moduleNameMapper: { '^fabric-swarm-harness$': `${import.meta.dirname}/../author/index.ts` },
  testSequencer: `${import.meta.dirname}/given-order.ts`,
  // The files are named on the command line, so jest need not search the author's folder, which may be a whole home.
  modulePathIgnorePatterns: ['/'],
  haste: { enableSymlinks: false, forceNodeFilesystemAPI: true },
  maxWorkers: 1,
  watchman: false,
  verbose: true,
  passWithNoTests: false,
};

export default config;
