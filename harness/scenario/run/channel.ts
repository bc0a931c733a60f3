import { artefactJob } from '../../fabric/artefacts/artefacts.ts';
import { createChannel, joinChannel } from '../../fabric/client/channel.ts';
import { approveChaincode, commitChaincode } from '../../fabric/client/lifecycle.ts';
import { runJob } from '../../network/stack/run-job.ts';
import { greatestHeight } from '../evidence/observers.ts';
import type { Session } from '../session.ts';

export interface ScenarioChannel {
  readonly name: string;
  /** Height once chaincode is committed; what comes after belongs to the scenario. */
  readonly startHeight: number;
}

/** Milliseconds for each step of the set-up; it runs on a healthy network. */
const BUDGET_MS = 90_000;

/**
 * Makes a channel of a scenario's own, with all peers joined and the chaincode committed. It isolates better than fresh
 * accounts on a shared channel: a log, a ledger and a state database of its own, so that the audit reads only
 * what the scenario did, from block 0, and a scenario that wrecks its channel leaves the next one unharmed.
 */
export async function makeChannel(
  session: Session,
  name: string,
  chaincodeName: string,
): Promise<ScenarioChannel> {
  const { network, endpoints, connections } = session;
  const { topology, identities, images, packageIds } = network.state;
  const { orderers, organisations, peers } = endpoints;
  const [manager] = network.machines;
  const chaincode = topology.chaincodes.find((c) => c.name === chaincodeName);
  const packageId = packageIds[chaincodeName];
  if (!manager || !chaincode || !packageId) {
    throw new Error(
      `chaincode ${chaincodeName}: expected it on the network, seen ${Object.keys(packageIds)}`,
    );
  }
  const job = artefactJob(topology, identities, {
    genesis: false,
    channels: [{ name, organisations: topology.organisations.map((o) => o.name) }],
  });
  const { [name]: channelTx } = await runJob(manager.docker, images.fabric ?? 'fabric', job);
  if (!channelTx) throw new Error(`configtxgen: expected a transaction for ${name}, seen none`);
  const signers = organisations.map(({ admin }) => admin);
  const { genesisBlock } = await createChannel({
    connections,
    orderers,
    channelTx,
    signers,
    budgetMs: BUDGET_MS,
  });
  await Promise.all(
    organisations.flatMap(({ admin, peers: own }) =>
      own.map((peer) => joinChannel(connections, peer, genesisBlock, admin, BUDGET_MS)),
    ),
  );
  const options = { connections, channel: name, orderers, budgetMs: BUDGET_MS };
  const { version, sequence } = chaincode;
  const definition = { name: chaincodeName, version, sequence };
  await Promise.all(
    organisations.map((o) => approveChaincode(options, o, definition, packageId, peers)),
  );
  await commitChaincode(options, organisations, definition);
  // One of the nodes may be behind, and what it has not got yet belongs to the set-up all the same.
  return { name, startHeight: await greatestHeight(session, name) };
}
