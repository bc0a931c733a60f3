import { randomUUID } from 'node:crypto';
import { newestBlock } from '../../../fabric-client/fetch.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { streamBlocks } from '../../../fabric-client/stream.ts';
import { decodeBlock } from '../../fabric/ledger/decoder.ts';
import type { Session } from '../session.ts';
import type { RestClient } from './rest-client.ts';

/** One request for a transfer as its client saw it. */
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
  /** Which transfer it asked for, as {@link transferName} names it; the same for its repetitions. */
  readonly transfer?: string;
}

export interface ApiLoad {
  /** Several processes of one API are taken in turn: whoever repeats a request asks the next one. */
  readonly api: RestClient | readonly RestClient[];
  /** One a client; a client takes part with its own token. */
  readonly tokens: readonly string[];
  readonly channel: string;
  /** Accounts of a client, who moves money back and forth between them and so never meets another. */
  readonly accountsOf: (client: number) => readonly [string, string];
  readonly signal: AbortSignal;
  /** Number of each client's first transfer, for a further load on the same accounts. Default 0. */
  readonly firstNumber?: number;
  /**
   * Each n-th transfer is asked for twice, in turn at the same time and once more after the answer. Default: none is.
   */
  readonly twiceEach?: number;
  /**
   * Repeats a request whose outcome stayed open (no answer, 503, 504) with its key, until it is known, for at most this
   * many ms. Default: the client goes on with its next transfer.
   */
  readonly persistMs?: number;
}

/** A request without an answer for so long hangs, ms: the API's own bound is 60 s. */
export const HANG_MS = 90_000;

/** Between two repetitions of a request that got no answer at all, ms. */
const REPEAT_PAUSE_MS = 250;

/** A transfer by its arguments; amounts make it unlike every other one between the same accounts. */
export const transferName = (args: readonly string[]): string => args.join(' ');

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

/**
 * Transfers in a closed loop, one in flight a client, until the signal aborts; what is in flight then is awaited. Each
 * has an `Idempotency-Key` of its own and an amount of its own between its accounts.
 */
export async function apiTransfers(load: ApiLoad): Promise<Attempt[]> {
  const { tokens, channel, accountsOf, signal, twiceEach = 0, persistMs = 0 } = load;
  const { firstNumber = 0 } = load;
  const apis = [load.api].flat();
  let turn = 0;
  const start = performance.now();
  const attempts: Attempt[] = [];

  async function ask(token: string, args: readonly string[], key: string): Promise<Attempt> {
    const begun = performance.now();
    const seen = { at: begun - start, transfer: transferName(args) };
    let attempt: Attempt;
    try {
      const api = apis[turn++ % apis.length];
      if (!api) throw new Error('load: expected an API, seen none');
      const answer = await api.call('POST', `/channels/${channel}/chaincodes/bank`, {
        token,
        body: { fcn: 'transfer', args },
        headers: { 'idempotency-key': key },
        budgetMs: HANG_MS,
      });
      const { status, took, retryAfter, json, text } = answer;
      const id = status === 200 ? text : json.transactionId;
      attempt = { ...seen, took, status, retryAfter, transactionId: id ? String(id) : null };
    } catch {
      const took = performance.now() - begun;
      attempt = { ...seen, took, status: 0, retryAfter: null, transactionId: null };
    }
    attempts.push(attempt);
    return attempt;
  }

  async function settle(token: string, args: readonly string[], key: string): Promise<void> {
    const deadline = performance.now() + persistMs;
    for (;;) {
      const { status, retryAfter } = await ask(token, args, key);
      const open = isOpen(status) && performance.now() < deadline;
      // As the answer asks: a client that is told to wait and does not is part of the problem.
      const waitMs = retryAfter === null ? (open ? REPEAT_PAUSE_MS : 0) : retryAfter * 1_000;
      if (waitMs > 0) await pause(waitMs, open ? AbortSignal.timeout(waitMs) : signal);
      if (!open) return;
    }
  }

  await Promise.all(
    tokens.map(async (token, client) => {
      const [one, other] = accountsOf(client);
      for (let number = firstNumber; !signal.aborted; number += 1) {
        const [from, to] = number % 2 === 0 ? [one, other] : [other, one];
        const args = [from, to, String(1 + number)];
        const key = randomUUID();
        const twice = twiceEach > 0 && number % twiceEach === twiceEach - 1;
        const atOnce = twice && Math.floor(number / twiceEach) % 2 === 0;
        const send = () => settle(token, args, key);
        await Promise.all(atOnce ? [send(), send()] : [send()]);
        if (twice && !atOnce) await send();
      }
    }),
  );
  return attempts;
}

const isOpen = (status: number): boolean => status === 0 || status === 503 || status === 504;

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

/** What a ledger holds as VALID. */
export interface HeldByLedger {
  /** Transactions, by id. */
  readonly valid: ReadonlySet<string>;
  /** How often each transfer, as {@link transferName} names it. */
  readonly transfers: ReadonlyMap<string, number>;
}

/**
 * What the ledger holds as VALID, read block by block from the peer that is ahead.
 *
 * @param from number of the first block to look at
 * @throws Error when no peer answers
 */
export async function heldIn(
  session: LedgerReader,
  channel: string,
  from: number,
): Promise<HeldByLedger> {
  const { endpoint, signer, newest } = await ahead(session, channel);
  const valid = new Set<string>();
  const transfers = new Map<string, number>();
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
    for (const { id, code, args } of decodeBlock(raw).transactions) {
      if (code !== 0) continue;
      valid.add(id);
      if (args[0] !== 'transfer') continue;
      const name = transferName(args.slice(1));
      transfers.set(name, (transfers.get(name) ?? 0) + 1);
    }
  }
  return { valid, transfers };
}

/** The ids alone of {@link heldIn}. */
export async function validIn(
  session: LedgerReader,
  channel: string,
  from: number,
): Promise<ReadonlySet<string>> {
  return (await heldIn(session, channel, from)).valid;
}

/**
 * Transfers that did not happen exactly once although they were acknowledged, or happened twice although they were not;
 * and those that were acknowledged with more than one transaction id. A correct API leaves none, however often each was
 * asked for.
 *
 * @param attempts each with its transfer
 */
export function notOnce(attempts: readonly Attempt[], { transfers }: HeldByLedger): string[] {
  const ids = new Map<string, Set<string>>();
  for (const { transfer = '', status, transactionId } of attempts) {
    const known = ids.get(transfer) ?? new Set();
    ids.set(transfer, status === 200 ? known.add(transactionId ?? '?') : known);
  }
  return [...ids].flatMap(([transfer, acknowledged]) => {
    const held = transfers.get(transfer) ?? 0;
    const right = held <= 1 && acknowledged.size <= 1 && (acknowledged.size === 0 || held === 1);
    const by = acknowledged.size;
    return right ? [] : [`${transfer}: ${held} in the ledger, acknowledged by ${by} ids`];
  });
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
