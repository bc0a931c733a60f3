import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openClient, type SubmitTimeouts } from '../../../../../fabric-client/client.ts';
import { Connections } from '../../../../../fabric-client/connections.ts';
import { waitFor } from '../../../../base/wait.ts';
import { mspIdOf } from './configuration.ts';
import type { ForeignNetwork } from './network.ts';

const ACCOUNTS = 400;
const AT_ONCE = 80;

/** Opens accounts, once a network. @throws Error saying why they could not be opened */
export async function openAccounts(network: ForeignNetwork): Promise<void> {
  await withClient(network, async (submit) => {
    const problem = await submit('openMany', ['a', String(ACCOUNTS), 'ann', '1000000']);
    if (problem !== undefined) throw new Error(`openMany: expected VALID, seen ${problem}`);
  });
}

/**
 * Transfers between accounts, many at once, no two on the same account.
 *
 * @returns why some were not VALID, each reason once
 */
export async function transfer(network: ForeignNetwork, count: number): Promise<readonly string[]> {
  return await withClient(network, async (submit) => {
    let begun = 0;
    const problems = new Set<string>();
    const lane = async (number: number): Promise<void> => {
      const own = ACCOUNTS / AT_ONCE;
      for (let turn = 0; begun < count; turn += 1) {
        begun += 1;
        const from = number * own + (turn % own);
        const to = number * own + ((turn + 1) % own);
        const problem = await submit('transfer', [`a${from}`, `a${to}`, '1']);
        if (problem !== undefined) problems.add(problem);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, number) => lane(number)));
    return [...problems];
  });
}

/** Waits until transfers are ordered again, e.g. by another leader. */
export async function untilOrdering(network: ForeignNetwork): Promise<void> {
  const options = { subject: 'orderers', expected: 'to order a transfer', budgetMs: 240_000 };
  await waitFor(options, () =>
    withClient(
      network,
      async (submit) => {
        const problem = await submit('transfer', ['a0', 'a1', '1']);
        if (problem !== undefined) throw new Error(problem);
        return true;
      },
      { endorseMs: 20_000, commitMs: 10_000, broadcastMs: 5_000, doubtMs: 1_000 },
    ),
  );
}

async function withClient<T>(
  network: ForeignNetwork,
  use: (
    submit: (name: string, args: readonly string[]) => Promise<string | undefined>,
  ) => Promise<T>,
  timeouts: Partial<SubmitTimeouts> = {
    endorseMs: 60_000,
    commitMs: 120_000,
    broadcastMs: 30_000,
  },
): Promise<T> {
  const { layout } = network;
  const authority = (kind: 'orderer' | 'org1' | 'org2') =>
    readFileSync(network.authority(kind), 'utf8');
  const endpoint = (name: string, port: number, tlsCaPem: string) => ({
    name,
    address: `127.0.0.1:${port}`,
    tlsServerName: `${name}.example.com`,
    tlsCaPem,
  });
  using connections = new Connections();
  await using client = await openClient({
    connections,
    profile: {
      peers: layout.peers.map(({ name, organisation, port }) => ({
        ...endpoint(name, port, authority(organisation)),
        mspId: mspIdOf(organisation),
      })),
      orderers: layout.orderers.map(({ name, port }) => endpoint(name, port, authority('orderer'))),
    },
    identity: {
      mspId: 'Org1MSP',
      certificatePem: only(path.join(network.user('org1', 'User1'), 'signcerts')),
      privateKeyPem: only(path.join(network.user('org1', 'User1'), 'keystore')),
    },
    channel: layout.channel,
    chaincode: 'bank',
    timeouts,
  });
  return await use(async (name, args) => {
    const { outcome, code, error } = await client.submit({ function: name, args });
    return outcome === 'ok' ? undefined : `${outcome} ${code ?? ''} ${error ?? ''}`;
  });
}

const only = (folder: string): string =>
  readFileSync(path.join(folder, readdirSync(folder)[0] ?? ''), 'utf8');
