import { delay } from '../kinds/delay.ts';
import { fullDisk } from '../kinds/full-disk.ts';
import { isolate } from '../kinds/isolate.ts';
import { loss } from '../kinds/loss.ts';
import { loseMachine } from '../kinds/machine.ts';
import { noop } from '../kinds/noop.ts';
import { outOfMemory } from '../kinds/out-of-memory.ts';
import { crash, freeze, stop } from '../kinds/process.ts';
import { rate } from '../kinds/rate.ts';
import { readOnlyDisk } from '../kinds/read-only-disk.ts';
import { restartInTurn } from '../kinds/restart.ts';
import { starve } from '../kinds/starve.ts';
import type { Confirmation, Fault } from '../model.ts';
import { all, component, machine, orderer, peer } from '../roles.ts';

export interface Entry {
  readonly name: string;
  readonly fault: Fault;
  /** `confirmed` unless told. */
  readonly expected?: Confirmation;
}

const brokers = all(component('kafka1'), component('kafka2'));

/** One of each kind and variant, aimed at components by name so that it works on any placement of the network. */
export const catalogue: readonly Entry[] = [
  { name: 'noop', fault: noop(orderer('orderer0')), expected: 'not-confirmed' },
  { name: 'crash component', fault: crash(orderer('orderer1')) },
  { name: 'stop component', fault: stop(peer('peer0.org1')) },
  { name: 'freeze component', fault: freeze(orderer('orderer0')) },
  { name: 'starve', fault: starve(component('kafka1'), 0.05) },
  { name: 'out of memory', fault: outOfMemory(component('kafka1')) },
  { name: 'restart in turn', fault: restartInTurn(brokers) },
  { name: 'full disk', fault: fullDisk(component('kafka1')) },
  { name: 'read-only disk', fault: readOnlyDisk(component('kafka1')) },
  { name: 'loss', fault: loss(component('kafka1'), 20) },
  { name: 'loss of little', fault: loss(component('kafka1'), 2) },
  { name: 'delay', fault: delay(component('kafka1'), 50) },
  { name: 'delay with jitter', fault: delay(component('kafka1'), 40, { jitter: 20 }) },
  { name: 'rate', fault: rate(component('kafka1'), 2_000) },
  { name: 'isolate component', fault: isolate(component('kafka0')) },
  { name: 'isolate component from peers', fault: isolate(component('kafka0'), { from: brokers }) },
  { name: 'isolate component in', fault: isolate(component('kafka0'), { direction: 'in' }) },
  { name: 'isolate component out', fault: isolate(component('kafka0'), { direction: 'out' }) },
  { name: 'isolate from machine', fault: isolate(orderer('orderer0'), { from: machine(3) }) },
  { name: 'isolate machine', fault: isolate(machine(2)) },
  { name: 'isolate machine from machine', fault: isolate(machine(2), { from: machine(3) }) },
  { name: 'isolate machine data plane', fault: isolate(machine(2), { plane: 'data' }) },
  { name: 'isolate machine control plane', fault: isolate(machine(2), { plane: 'control' }) },
  { name: 'isolate manager', fault: isolate(machine(1)) },
  { name: 'freeze machine', fault: freeze(machine(3)) },
  { name: 'lose machine', fault: loseMachine(machine(2)) },
];
