import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { appendTo, paths, writeOrdering } from '../../audit/evidence.ts';
import { messageOf } from '../../base/errors.ts';
import { createSigner } from '../../fabric/client/signer.ts';
import { streamBlocks } from '../../fabric/deliver/stream.ts';
import { orderingOf } from '../../ordering/registry.ts';
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
  const { endpoints, connections } = session;
  const [reader] = endpoints.organisations;
  if (!reader) throw new Error('blocks: expected an organisation to read as, seen none');
  const sources = [
    ...endpoints.orderers.map((endpoint) => ({
      endpoint,
      kind: 'orderer' as const,
      identity: reader.admin,
    })),
    ...endpoints.organisations.flatMap(({ admin, peers }) =>
      peers.map((endpoint) => ({ endpoint, kind: 'peer' as const, identity: admin })),
    ),
  ];
  const saved = await Promise.allSettled(
    sources.map(async ({ endpoint, kind, identity }) => {
      using file = appendTo(paths.blocks(folder, channel, endpoint.name));
      for await (const block of streamBlocks({
        connections,
        endpoint,
        identity: createSigner(identity),
        channel,
        kind,
        from: 0,
        to: height - 1,
        reconnectBudgetMs: 20_000,
      })) {
        file.block(block);
      }
    }),
  );
  const failed = saved.flatMap((one, i) =>
    one.status === 'rejected' ? [`${sources[i]?.endpoint.name}: ${messageOf(one.reason)}`] : [],
  );
  if (failed.length > 0) throw new Error(failed.join('; '));
}

/** Saves what the ordering service itself says of the channel, where it says anything. */
export async function saveOrdering(
  { network, addresses }: Session,
  folder: string,
  channel: string,
): Promise<void> {
  const { topology } = network.state;
  const facts = await orderingOf(topology).facts({ topology, addresses, channel });
  if (facts) writeOrdering(folder, facts);
}

/**
 * Saves what every component has logged since a moment, containers that have ended included.
 *
 * @param since seconds since the epoch
 */
export async function saveLogs(session: Session, folder: string, since: number): Promise<void> {
  await mkdir(path.join(folder, 'logs'), { recursive: true });
  await Promise.allSettled(
    session.network.machines.map(async ({ docker }) => {
      for await (const { component, log } of componentLogs(docker, { since })) {
        writeFileSync(paths.log(folder, component), log);
      }
    }),
  );
}
