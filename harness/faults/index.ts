/** What a scenario's author uses: kinds of faults, and roles to aim them at. */
export { type IsolateOptions, isolate } from './kinds/isolate.ts';
export { loseMachine } from './kinds/machine.ts';
export { noop } from './kinds/noop.ts';
export { crash, freeze, stop } from './kinds/process.ts';
export type { Fault, Role } from './model.ts';
export { all, component, kafka, machine, orderer, peer, zookeeper } from './roles.ts';
export type { FaultResult, FaultStep } from './schedule.ts';
