import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { appendTo, paths, writeKafka } from '../../audit/evidence.ts';
import type { KafkaTopicFacts } from '../../audit/recording.ts';
import { messageOf } from '../../base/errors.ts';
import { waitFor } from '../../base/wait.ts';
import { createSigner } from '../../fabric/client/signer.ts';
import { streamBlocks } from '../../fabric/deliver/stream.ts';
import { openKafkaAdmin } from '../../fabric/kafka/admin.ts';
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

/** Saves what Kafka itself says of the channel's topic. */
export async function saveKafka(session: Session, folder: string, channel: string): Promise<void> {
  const { topology } = session.network.state;
  const ids = new Map(topology.kafka.brokers.map((b) => [b.name, b.id]));
  await using admin = await openKafkaAdmin(topology, session.addresses);
  const topic = await waitFor(
    {
      subject: `Kafka topic ${channel}`,
      expected: `${topology.kafka.replicationFactor} replicas in sync`,
      budgetMs: 30_000,
      intervalMs: 500,
    },
    async () => {
      const facts = await admin.topic(channel);
      if (facts.inSync.length >= facts.replicas.length) return facts;
      throw new Error(`in sync: ${facts.inSync.join(', ')} of ${facts.replicas.join(', ')}`);
    },
  ).catch(() => admin.topic(channel)); // the audit judges an incomplete set
  const numbers = (names: readonly string[]) => names.map((name) => ids.get(name) ?? -1);
  const facts: KafkaTopicFacts = {
    endOffset: topic.endOffset ?? -1,
    replicas: numbers(topic.replicas),
    inSync: numbers(topic.inSync),
  };
  writeKafka(folder, { topics: { [channel]: facts } });
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
