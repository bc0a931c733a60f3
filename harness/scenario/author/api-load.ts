import { newestBlock } from '../../../fabric-client/fetch.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { streamBlocks } from '../../../fabric-client/stream.ts';
import { decodeBlock } from '../../fabric/ledger/decoder.ts';
import type { Session } from '../session.ts';
import type { RestClient } from './rest-client.ts';

/** One transfer as its client saw it. */
export interface Attempt {
  /** Milliseconds from the start of the load to the request. */
  readonly at: number;
  /** Milliseconds from the request to the answer. */
  readonly took: number;
  /** HTTP status; 0 when there was no answer, which is a hang or a broken connection. */
  readonly status: number;
  /** Of a transfer that was acknowledged, or whose outcome was left open. */
  readonly transactionId: string | null;
  readonly retryAfter: number | null;
}

export interface ApiLoad {
  readonly api: RestClient;
  /** One a client; a client takes part with its own token. */
  readonly tokens: readonly string[];
  readonly channel: string;
  /** Accounts of a client, who moves money back and forth between them and so never meets another. */
  readonly accountsOf: (client: number) => readonly [string, string];
  readonly signal: AbortSignal;
}

/** Accounts made by one call of `openMany`: its limit, and a transaction of reasonable size. */
const MOST_ACCOUNTS = 200;

/**
 * Opens accounts through the API.
 *
 * @returns pairs of account ids, as many as asked for
 * @throws Error when refused
 */
export async function openPairs(
  api: RestClient,
  token: string,
  channel: string,
  prefix: string,
  pairs: number,
): Promise<(readonly [string, string])[]> {
  const ids: string[] = [];
  for (let group = 0; ids.length < pairs * 2; group += 1) {
    const count = Math.min(MOST_ACCOUNTS, pairs * 2 - ids.length);
    const name = `${prefix}${group}-`;
    const args = [name, String(count), 'api', '1000000'];
    const { status, text } = await api.post(
      `/channels/${channel}/chaincodes/bank`,
      { fcn: 'openMany', args },
      token,
    );
    if (status !== 200) throw new Error(`openMany: expected 200, seen ${status} ${text}`);
    ids.push(...Array.from({ length: count }, (_, i) => `${name}${i}`));
  }
  return Array.from({ length: pairs }, (_, i) => [ids[2 * i] ?? '', ids[2 * i + 1] ?? ''] as const);
}

/** Transfers in a closed loop, one in flight a client, until the signal aborts; what is in flight then is awaited. */
export async function apiTransfers(load: ApiLoad): Promise<Attempt[]> {
  const { api, tokens, channel, accountsOf, signal } = load;
  const start = performance.now();
  const attempts: Attempt[] = [];
  await Promise.all(
    tokens.map(async (token, client) => {
      const [one, other] = accountsOf(client);
      for (let number = 0; !signal.aborted; number += 1) {
        const args = number % 2 === 0 ? [one, other, '1'] : [other, one, '1'];
        const begun = performance.now();
        const at = begun - start;
        try {
          const answer = await api.call('POST', `/channels/${channel}/chaincodes/bank`, {
            token,
            body: { fcn: 'transfer', args },
            budgetMs: 90_000,
          });
          const { status, took, retryAfter, json, text } = answer;
          const id = status === 200 ? text : json.transactionId;
          attempts.push({ at, took, status, retryAfter, transactionId: id ? String(id) : null });
          // As the answer asks: a client that is told to wait and does not is part of the problem.
          if (retryAfter !== null) await pause(retryAfter * 1_000, signal);
        } catch {
          const took = performance.now() - begun;
          attempts.push({ at, took, status: 0, retryAfter: null, transactionId: null });
        }
      }
    }),
  );
  return attempts;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}

type LedgerReader = Pick<Session, 'endpoints' | 'connections'>;

/** The peer that is ahead of all others, since one that was down may be behind, and the number of its newest block. */
async function ahead({ endpoints, connections }: LedgerReader, channel: string) {
  const readers = endpoints.organisations.flatMap(({ admin, peers }) =>
    peers.map((endpoint) => ({ endpoint, signer: createSigner(admin) })),
  );
  const asked = await Promise.allSettled(
    readers.map(async (reader) => {
      const tip = { kind: 'peer', channel } as const;
      return {
        ...reader,
        newest: await newestBlock(connections, reader.endpoint, reader.signer, tip),
      };
    }),
  );
  const [first] = asked
    .flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    .sort((a, b) => b.newest - a.newest);
  if (!first) throw new Error(`channel ${channel}: expected a peer that answers, seen none`);
  return first;
}

/**
 * Number of a channel's newest block, on the peer that has it.
 *
 * @throws Error when no peer answers
 */
export async function newestOn(session: LedgerReader, channel: string): Promise<number> {
  return (await ahead(session, channel)).newest;
}

/**
 * Which transactions the ledger holds as VALID, read block by block from the peer that is ahead.
 *
 * @param from number of the first block to look at
 * @throws Error when no peer answers
 */
export async function validIn(
  session: LedgerReader,
  channel: string,
  from: number,
): Promise<Set<string>> {
  const { endpoint, signer, newest } = await ahead(session, channel);
  const valid = new Set<string>();
  for await (const raw of streamBlocks({
    connections: session.connections,
    endpoint,
    identity: signer,
    channel,
    kind: 'peer',
    from,
    to: newest,
    reconnectBudgetMs: 20_000,
  })) {
    for (const { id, code } of decodeBlock(raw).transactions) if (code === 0) valid.add(id);
  }
  return valid;
}

/** Acknowledged transfers that the ledger does not hold; a correct API leaves none. */
export const lost = (attempts: readonly Attempt[], valid: ReadonlySet<string>): string[] =>
  attempts.flatMap(({ status, transactionId }) =>
    status === 200 && !(transactionId && valid.has(transactionId)) ? [transactionId ?? '?'] : [],
  );

/** How many attempts got which status, e.g. `{ '200': 40, '503': 2 }`. */
export function byStatus(attempts: readonly Attempt[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status } of attempts) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Attempts that the API's contract does not allow under faults and overload: hangs, other errors, 503 without a delay. */
export const improper = (attempts: readonly Attempt[]): Attempt[] =>
  attempts.filter(
    ({ status, retryAfter, transactionId }) =>
      !(
        status === 200 ||
        status === 409 ||
        (status === 503 && retryAfter !== null) ||
        (status === 504 && transactionId !== null)
      ),
  );
