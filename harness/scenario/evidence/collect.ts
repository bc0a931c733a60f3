import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { appendTo, paths, writeOrdering, writeSavedLogs } from '../../audit/evidence.ts';
import type { SavedLogs } from '../../audit/recording.ts';
import { messageOf } from '../../base/errors.ts';
import { mergeFacts, type OrderingFacts } from '../../ordering/facts.ts';
import { takeKeptLogs } from '../../swarm/kept-logs.ts';
import { componentLogs } from '../../swarm/logs.ts';
import type { Session } from '../session.ts';

/**
 * Saves blocks 0 to `height - 1` of every peer and orderer, raw; of each as far as it gives them.
 *
 * @throws Error naming every copy that could not be read to its end
 */
export async function saveBlocks(
  session: Session,
  folder: string,
  channel: string,
  height: number,
): Promise<void> {
  const { ledgers } = session.network;
  const { orderers, peers } = ledgers.members(channel);
  const sources = [...orderers, ...peers].map(({ name }) => name);
  // A node that has stayed behind would be waited for, and for ever.
  const own = await ledgers.heights(channel);
  const saved = await Promise.allSettled(
    sources.map(async (name) => {
      using file = appendTo(paths.blocks(folder, channel, name));
      const last = Math.min(height, own.get(name) ?? height) - 1;
      for await (const block of ledgers.blocks(name, channel, last)) file.block(block);
    }),
  );
  const failed = saved.flatMap((one, i) =>
    one.status === 'rejected' ? [`${sources[i]}: ${messageOf(one.reason)}`] : [],
  );
  if (failed.length > 0) throw new Error(failed.join('; '));
}

/** Saves what is to be known of the ordering service, its own word and its logs of the channels among it. */
export async function saveOrdering(
  { network, addresses, clock }: Session,
  folder: string,
  channels: readonly string[],
): Promise<void> {
  const { topology, ordering } = network;
  const startedAt = Date.now() - clock.now();
  const facts: OrderingFacts[] = [];
  let logged: number | undefined;
  for (const channel of channels) {
    const place = { topology, addresses, channel };
    facts.push(await ordering.facts(place, startedAt));
    if (!ordering.log) continue;
    using file = appendTo(paths.orderingLog(folder, channel));
    for await (const record of ordering.log(place)) {
      file.line(record);
      logged = (logged ?? 0) + 1;
    }
  }
  const merged = mergeFacts(facts);
  if (merged)
    writeOrdering(folder, { ...merged, ...(logged !== undefined && { logged }) } as OrderingFacts);
}

/**
 * Saves what every component has logged since a moment, containers that have ended included, and how much of it there is.
 *
 * @param since seconds since the epoch
 */
export async function saveLogs(session: Session, folder: string, since: number): Promise<void> {
  await mkdir(path.join(folder, 'logs'), { recursive: true });
  const components: SavedLogs['components'][number][] = [];
  const problems: string[] = [];
  await Promise.all(
    session.network.machines.map(async (machine) => {
      const { docker, number } = machine;
      try {
        const kept = Map.groupBy(await takeKeptLogs(machine, since), (log) => log.component);
        const save = (component: string, log: Buffer, containers: readonly string[]) => {
          // Those that the Swarm has removed are the older ones.
          const removed = (kept.get(component) ?? []).filter(
            ({ container }) => !containers.includes(container),
          );
          kept.delete(component);
          const whole = Buffer.concat([...removed.map((one) => one.log), log]);
          writeFileSync(paths.log(folder, component), whole);
          const ids = [...removed.map(({ container }) => container), ...containers];
          components.push({
            component,
            bytes: whole.length,
            containers: ids.map((id) => id.slice(0, 12)),
          });
        };
        for await (const { component, log, containers } of componentLogs(docker, { since })) {
          save(component, log, containers);
        }
        for (const component of [...kept.keys()]) save(component, Buffer.alloc(0), []);
      } catch (error) {
        problems.push(`machine ${number}: ${messageOf(error)}`);
      }
    }),
  );
  writeSavedLogs(folder, { components, problems });
}
