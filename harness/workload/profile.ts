import { patient } from '../base/patience.ts';
import { CLIENT_KINDS, type ClientKind, isClientKind } from './client.ts';

/**
 * A load profile is data: how many accounts, which operations in which shares, how fast. Together with a seed it fixes
 * what every client asks for and in which order; only the timing is left to the run.
 */
export interface TransferProfile {
  readonly kind: 'transfers';
  /** Start of every account id and entity name; unique per scenario on one channel. */
  readonly prefix: string;
  readonly owner: string;
  /** Number of accounts that transfers go between. */
  readonly accounts: number;
  /** Opening balance of each account. */
  readonly balance: number;
  /** What the clients are made with. */
  readonly client: ClientKind;
  /** Number of clients; the list given to the run must have as many. */
  readonly clients: number;
  readonly pace: Pace;
  readonly amount: { readonly least: number; readonly most: number };
  /** Share of transfers within a few hot accounts that all clients use; the others never conflict. */
  readonly contention: { readonly share: number; readonly accounts: number };
  /** Share of transfers of more than there is, which must be refused. */
  readonly overdrafts: number;
  /** Share of operations that are one half of a double spend: two clients spend the same purse at the same time. */
  readonly doubleSpends: number;
  /** Share of reads, each of several accounts at one height of one of these peers; of any where none is named. */
  readonly reads: {
    readonly share: number;
    readonly peers: readonly string[];
    readonly accounts: number;
  };
  /** Share of `move`s between the two entities, which conflict with one another by nature. */
  readonly moves: { readonly share: number; readonly balance: number };
  /** Each client ends after this many steps (`Infinity`: only the signal ends it). A double spend is one step. */
  readonly steps: number;
  /** Milliseconds after which an operation is given up; above the patience that the clients have of their own. */
  readonly timeout: number;
}

/**
 * `closed`: each client asks again as soon as it was answered, but leaves `gap` milliseconds between two starts, so
 * that immediate errors do not turn into a busy loop. `rate`: all clients together start `perSecond` operations, each
 * client in slots of its own; slots that pass while it still waits are left out, not made up for.
 */
export type Pace =
  | { readonly kind: 'closed'; readonly gap: number }
  | { readonly kind: 'rate'; readonly perSecond: number };

export interface TransferOptions
  extends Partial<
    Omit<TransferProfile, 'kind' | 'amount' | 'contention' | 'reads' | 'moves' | 'pace'>
  > {
  /** Operations a second of all clients together; without it the loop is closed. */
  readonly rate?: number;
  readonly gap?: number;
  readonly amount?: number | TransferProfile['amount'];
  readonly contention?: number | TransferProfile['contention'];
  readonly reads?: Partial<TransferProfile['reads']>;
  readonly moves?: number | TransferProfile['moves'];
}

/** A transaction opens at most this many accounts. */
const BATCH = 500;
/** Purses of each pair of clients. One is spent again only after all others, when its refill has long been seen. */
export const PURSES = 4;

/**
 * A checked profile: plain transfers without conflicts, plus whatever shares are given.
 * @throws Error naming the option, what was expected and what was given
 */
export function transfers(options: TransferOptions = {}): TransferProfile {
  const { rate, gap = 10, amount = 1, contention = 0, reads = {}, moves = 0, ...rest } = options;
  const clients = rest.clients ?? 4;
  const profile: TransferProfile = {
    kind: 'transfers',
    client: 'harness',
    prefix: 'x',
    owner: 'Load',
    accounts: 10 * clients,
    balance: 1_000,
    overdrafts: 0,
    doubleSpends: 0,
    steps: Number.POSITIVE_INFINITY,
    timeout: patient(50_000),
    ...rest,
    clients,
    pace: rate === undefined ? { kind: 'closed', gap } : { kind: 'rate', perSecond: rate },
    amount: typeof amount === 'number' ? { least: amount, most: amount } : amount,
    contention: typeof contention === 'number' ? { share: contention, accounts: 4 } : contention,
    reads: { share: 0, peers: [], accounts: 4, ...reads },
    moves: typeof moves === 'number' ? { share: moves, balance: 1_000_000 } : moves,
  };
  check(profile);
  return Object.freeze(profile);
}

function check(profile: TransferProfile): void {
  const { accounts, amount, balance, clients, contention, moves, pace, reads, steps } = profile;
  const expect = (condition: boolean, name: string, expected: string, seen: unknown): void => {
    if (!condition) throw new Error(`load profile: ${name}: expected ${expected}, got ${seen}`);
  };
  const whole = (name: string, value: number, least: number) =>
    expect(
      Number.isSafeInteger(value) && value >= least,
      name,
      `a whole number from ${least}`,
      value,
    );
  expect(isClientKind(profile.client), 'client', CLIENT_KINDS.join(', '), profile.client);
  expect(
    profile.client === 'harness' || reads.share === 0,
    'reads.share',
    "0, since only client 'harness' reads from one peer at one height",
    reads.share,
  );
  whole('clients', clients, 1);
  whole('balance', balance, 0);
  whole('amount.least', amount.least, 1);
  whole('amount.most', amount.most, amount.least);
  whole('contention.accounts', contention.accounts, 2);
  whole('moves.balance', moves.balance, 0);
  whole('accounts', accounts, contention.accounts + 2 * clients);
  whole('reads.accounts', reads.accounts, 1);
  expect(reads.accounts <= accounts, 'reads.accounts', `at most ${accounts}`, reads.accounts);
  expect(
    steps === Number.POSITIVE_INFINITY || (Number.isSafeInteger(steps) && steps >= 0),
    'steps',
    'a whole number or Infinity',
    steps,
  );
  expect(profile.timeout > 0, 'timeout', 'milliseconds above 0', profile.timeout);
  if (pace.kind === 'rate') expect(pace.perSecond > 0, 'rate', 'more than 0', pace.perSecond);
  else expect(pace.gap >= 1, 'gap', 'at least 1 ms', pace.gap);
  const shares = {
    'contention.share': contention.share,
    overdrafts: profile.overdrafts,
    doubleSpends: profile.doubleSpends,
    'reads.share': reads.share,
    'moves.share': moves.share,
  };
  for (const [name, share] of Object.entries(shares)) {
    expect(share >= 0 && share <= 1, name, 'a share from 0 to 1', share);
  }
  const sum = profile.overdrafts + reads.share + moves.share;
  expect(sum <= 1, 'overdrafts + reads.share + moves.share', 'at most 1', sum);
  expect(
    profile.doubleSpends === 0 || clients >= 2,
    'doubleSpends',
    'two clients or more',
    `${clients} client`,
  );
  expect(
    Number.isSafeInteger(overdraftAmount(profile)),
    'balance',
    'a total below 2^53',
    `${balance} in each of ${accounts} accounts`,
  );
}

/** Id of the account at `index`, from 0. */
export function accountId({ prefix }: TransferProfile, index: number): string {
  return `${prefix}${Math.floor(index / BATCH)}-${index % BATCH}`;
}

/** Id of a purse of the pair of clients 2·`pair` and 2·`pair` + 1. */
export function purseId({ prefix }: TransferProfile, pair: number, number: number): string {
  return `${prefix}purse${pair}-${number % PURSES}`;
}

/** Names of the two entities. */
export function entityNames({ prefix }: TransferProfile): readonly [string, string] {
  return [`${prefix}-a`, `${prefix}-b`];
}

/** Number of pairs that share purses; an odd last client has no partner. */
export function pairCount({ clients, doubleSpends }: TransferProfile): number {
  return doubleSpends > 0 ? Math.floor(clients / 2) : 0;
}

/**
 * Whether an account may come to hold less than a transfer takes, and the chaincode then rightly refuses. An account gives
 * and takes at random; of a hundred times the amount nothing comes near to its end within a scenario.
 */
export function mayRunDry(balance: number, { amount }: TransferProfile): boolean {
  return balance < 100 * amount.most;
}

/** More than all accounts and purses together hold. */
export function overdraftAmount(profile: TransferProfile): number {
  return profile.balance * profile.accounts + profile.amount.most * PURSES * profile.clients + 1;
}

/** What opens a profile's accounts: function and arguments of each transaction, in any order. */
export function openings(
  profile: TransferProfile,
): readonly { readonly function: string; readonly args: readonly string[] }[] {
  const { accounts, amount, balance, moves, owner, prefix } = profile;
  const list = [];
  for (let first = 0; first < accounts; first += BATCH) {
    const count = Math.min(BATCH, accounts - first);
    const args = [`${prefix}${first / BATCH}-`, `${count}`, owner, `${balance}`];
    list.push({ function: 'openMany', args });
  }
  for (let pair = 0; pair < pairCount(profile); pair += 1) {
    const args = [`${prefix}purse${pair}-`, `${PURSES}`, owner, `${amount.most}`];
    list.push({ function: 'openMany', args });
  }
  if (moves.share > 0) {
    const [a, b] = entityNames(profile);
    list.push({ function: 'init', args: [a, `${moves.balance}`, b, `${moves.balance}`] });
  }
  return list;
}
