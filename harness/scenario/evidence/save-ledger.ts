import { mkdirSync } from 'node:fs';
import { writeScenario } from '../../audit/evidence.ts';
import type { Network } from '../../network/port.ts';
import { componentsOf } from '../../topology/components.ts';
import { waitForQuiescence } from '../run/quiescence.ts';
import { openSession } from '../session.ts';
import { saveBlocks, saveLogs, saveOrdering } from './collect.ts';
import { saveStates } from './state.ts';

/**
 * Saves a channel of a running network as evidence: blocks of every copy, states, the ordering service's word, logs.
 * There is no history, so what needs one is left open by the audit.
 */
export async function saveLedger(
  network: Network,
  channel: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const origin = Date.now();
  await using session = await openSession({ network, seed: 0, runFolder: folder, origin, signal });
  mkdirSync(folder, { recursive: true });
  const members = network.ledgers.members(channel);
  const height = await waitForQuiescence(session, channel);
  const chaincode = network.topology.channels.find((c) => c.name === channel)?.chaincodes[0];
  writeScenario(folder, {
    schema: 2,
    name: `channel ${channel}`,
    chaincode: chaincode ?? 'bank',
    workload: chaincode === 'bank' ? 'bank' : 'other',
    channels: {
      [channel]: {
        peers: members.peers.map((p) => p.name),
        organisations: Object.fromEntries(members.peers.map((p) => [p.name, p.mspId])),
        orderers: members.orderers.map((o) => o.name),
        startHeight: height,
      },
    },
    namespaces: 'all',
    components: componentsOf(network.topology).map((c) => ({ name: c.name, machine: c.machine })),
    patience: 60_000,
    floors: { operations: 0, conflicts: 0, reads: 0 },
  });
  await saveBlocks(session, folder, channel, height);
  await saveStates(session, folder, channel, chaincode ?? 'bank');
  await saveOrdering(session, folder, [channel]);
  await saveLogs(session, folder, 0);
}
