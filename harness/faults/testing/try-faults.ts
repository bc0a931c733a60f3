import { readFileSync } from 'node:fs';
import { findEngine } from '../../engine/engine.ts';
import {
  findNetwork,
  type MachinesNetwork,
  machinesNetwork,
  type NetworkState,
} from '../../network/machines/network.ts';
import { RunClock } from '../../workload/clock.ts';
import type { FaultEvent } from '../../workload/history.ts';
import { Guard } from '../guard.ts';
import type { FaultContext } from '../model.ts';
import { runFaults } from '../schedule.ts';
import { catalogue } from './catalogue.ts';

/**
 * Injects each kind of fault into a running network for some seconds and prints how long it took and what was measured:
 *
 *     node harness/faults/testing/try-faults.ts [--hold MS] [--machines FILE] [PATTERN…]
 *
 * Patterns choose entries of the catalogue by name. HARNESS_NAME and DOCKER_HOST choose the network; `--machines`
 * reads one that no bring-up has made (state and ids of the node containers as JSON). Exits with 1 unless every fault
 * that is available was confirmed, in force and healed, and the negative control was not.
 */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const option = (name: string) => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args.splice(at, 2)[1];
  };
  const hold = Number(option('--hold') ?? 1_500);
  const network = await open(option('--machines'));
  const chosen = catalogue.filter(({ name }) => !args.length || args.some((a) => name.includes(a)));
  await using guard = await Guard.start(network);
  const clock = new RunClock();
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const context: FaultContext = {
    network,
    guard,
    channel: network.topology.channels[0]?.name ?? 'mychannel',
    now: () => clock.now(),
    random: () => 0.3,
    signal: interrupted.signal,
  };
  let failed = false;
  for (const { name, fault, expected = 'confirmed' } of chosen) {
    if (interrupted.signal.aborted) break;
    const reason = await fault.available(context).catch(String);
    if (reason !== undefined) {
      console.log(`${name.padEnd(34)} not available: ${reason}`);
      continue;
    }
    const records: FaultEvent[] = [];
    const history = { append: (record: unknown) => void records.push(record as FaultEvent) };
    const [result] = await runFaults(
      { ...context, randomOf: () => context.random },
      [{ fault, at: 0, for: hold }],
      history,
      clock,
      interrupted.signal,
    );
    if (!result) continue;
    const at = (...phases: FaultEvent['phase'][]) =>
      records.filter((r) => phases.includes(r.phase)).map((r) => r.at);
    const ends = at('verified', 'not-confirmed', 'inconclusive', 'healed');
    const [heal = Number.NaN] = at('heal');
    const spans = [
      (ends[0] ?? Number.NaN) - result.injectedAt,
      (result.healedAt ?? Number.NaN) - heal,
      (ends[1] ?? Number.NaN) - (result.healedAt ?? Number.NaN),
    ];
    const [inject, healing, back] = spans.map((ms) => `${Math.round(ms)} ms`.padStart(8));
    console.log(
      `${name.padEnd(34)} ${result.confirmation.padEnd(14)} inject+verify ${inject}  heal ${healing}  ` +
        `verify healed ${back}\n    ${result.targets.join(', ')}: ${result.evidence}`,
    );
    if (result.confirmation !== expected) failed = true;
  }
  process.exitCode = failed ? 1 : 0;
}

async function open(file: string | undefined): Promise<MachinesNetwork> {
  const engine = await findEngine(process.env);
  if (!engine) throw new Error('expected a Docker engine, seen none');
  if (file === undefined) {
    const name = process.env.HARNESS_NAME ?? 'fabric';
    const found = await findNetwork(engine.docker, name);
    if (found === undefined || found === 'incomplete')
      throw new Error(`expected a network ${name}, seen ${found ?? 'none'}`);
    return found;
  }
  const { ids, ...state } = JSON.parse(readFileSync(file, 'utf8')) as NetworkState & {
    ids: string[];
  };
  const containers = state.machines.map(
    ({ number }, i) => [number, { Id: ids[i] ?? '', State: 'running' }] as const,
  );
  return machinesNetwork(engine.docker, state, new Map(containers));
}

await main();
process.exit();
