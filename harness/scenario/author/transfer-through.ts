import { type FabricClient, openClient } from '../../../fabric-client/client.ts';
import { Connections } from '../../../fabric-client/connections.ts';
import { waitFor } from '../../base/wait.ts';
import type { Endpoints } from '../../fabric/endpoints.ts';

/** What the transfer of one organisation did, and what each peer says about it. */
export interface SeenTransfer {
  readonly mspId: string;
  readonly transactionId: string;
  readonly block: number;
  /** Balance of the receiving account as each peer answers. */
  readonly balances: ReadonlyMap<string, string>;
}

const CHAINCODE = 'bank';
/** For a peer to have the block that another one has committed. */
const PEER_BUDGET_MS = 15_000;

/**
 * Opens two accounts with 100 each and moves `amount` from one to the other, through a client of one organisation, then
 * reads the receiving account from every peer once that has the block.
 *
 * @param prefix begins the accounts' names; new on the channel
 * @throws Error with the outcome when a submit does not commit, or a peer does not answer
 */
export async function transferThrough(
  endpoints: Endpoints,
  channel: string,
  mspId: string,
  prefix: string,
  amount: number,
): Promise<SeenTransfer> {
  const organisation = endpoints.organisations.find((candidate) => candidate.mspId === mspId);
  if (!organisation) throw new Error(`transfer: expected an organisation ${mspId}, seen none`);
  const { peers, orderers } = endpoints;
  using connections = new Connections();
  await using client = await openClient({
    connections,
    profile: { peers, orderers },
    identity: organisation.admin,
    channel,
    chaincode: CHAINCODE,
  });
  const opened = await submitted(client, 'openMany', prefix, '2', mspId, '100');
  // A peer that is still behind would endorse that there is no such account.
  await Promise.all(peers.map(({ name }) => untilHeld(client, name, opened.block)));
  const { transactionId, block } = await submitted(
    client,
    ...(['transfer', `${prefix}0`, `${prefix}1`, String(amount)] as const),
  );
  const balances = await Promise.all(
    peers.map(async ({ name }) => [name, await balanceOn(client, name, block, prefix)] as const),
  );
  return { mspId, transactionId, block, balances: new Map(balances) };
}

async function submitted(client: FabricClient, fn: string, ...args: string[]) {
  const prepared = client.prepare({ function: fn, args });
  const result = await prepared.submit();
  if (result.outcome !== 'ok' || result.block === undefined) {
    throw new Error(
      `${client.mspId}: ${fn}(${args.join(', ')}): expected a commit, seen ${result.outcome} at ` +
        `${result.stage}: ${result.error}`,
    );
  }
  return { transactionId: prepared.transactionId, block: result.block };
}

async function balanceOn(client: FabricClient, peer: string, block: number, prefix: string) {
  await untilHeld(client, peer, block);
  const read = await client.evaluate({ peer, function: 'balance', args: [`${prefix}1`] });
  if (read.result === undefined) throw new Error(`${peer}: balance: ${read.error}`);
  return read.result;
}

async function untilHeld(client: FabricClient, peer: string, block: number): Promise<void> {
  await waitFor(
    { subject: peer, expected: `block ${block}`, budgetMs: PEER_BUDGET_MS },
    async () => {
      const { height } = await client.chainInfo(peer);
      if (height > block) return true;
      throw new Error(`height ${height}`);
    },
  );
}
