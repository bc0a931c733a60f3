/**
 * What a scenario file imports. See the README for a complete example.
 */
export * from '../faults/index.ts';
export { transfers } from '../workload/profile.ts';
export { calls, during, type Expect, type ScenarioDefinition, seconds } from './definition.ts';
export { scenario } from './scenario.ts';
