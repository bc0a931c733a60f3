/** What a scenario's author uses: kinds of faults, and roles to aim them at. */
export { clockSkew } from './kinds/clock-skew.ts';
export { type CommandOptions, command } from './kinds/command.ts';
export { type DelayOptions, delay } from './kinds/delay.ts';
export { type EvictOptions, evict } from './kinds/evict.ts';
export { expireCertificate } from './kinds/expire.ts';
export { type FullDiskOptions, fullDisk } from './kinds/full-disk.ts';
export { type IsolateOptions, isolate } from './kinds/isolate.ts';
export { loss } from './kinds/loss.ts';
export { loseMachine } from './kinds/machine.ts';
export { noop } from './kinds/noop.ts';
export { outOfMemory } from './kinds/out-of-memory.ts';
export { crash, freeze, stop } from './kinds/process.ts';
export { rate } from './kinds/rate.ts';
export { readOnlyDisk } from './kinds/read-only-disk.ts';
export { restartInTurn } from './kinds/restart.ts';
export { rotateCertificate } from './kinds/rotate.ts';
export { starve } from './kinds/starve.ts';
export { upgrade } from './kinds/upgrade.ts';
export type { Fault, Role } from './model.ts';
export type { FaultResult } from './result.ts';
export {
  all,
  component,
  databaseOf,
  machine,
  machineAt,
  orderer,
  orderers,
  ordering,
  peer,
} from './roles.ts';
export type { FaultStep } from './schedule.ts';
