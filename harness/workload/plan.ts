import type { PlannedOperation } from './operation.ts';
import {
  accountId,
  entityNames,
  mayRunDry,
  overdraftAmount,
  PURSES,
  pairCount,
  purseId,
  type TransferProfile,
} from './profile.ts';
import { type Random, randomStream } from './random.ts';

/** What a client does before it looks at the time again: mostly one operation. */
export interface Step {
  readonly operations: readonly PlannedOperation[];
  /** The first operation starts only when both clients of the pair have come to the step of this name. */
  readonly meet?: string;
}

/**
 * Everything that one client will ask for, in order: a function of profile, seed and the client's index alone. Nothing
 * depends on time, on answers, or on other clients.
 *
 * Accounts: the first few are hot and used by all; the rest is divided among the clients, so that only hot transfers
 * conflict. Double spends: clients 2k and 2k+1 meet and each sends the same purse's whole balance to an account of its
 * own; one of the two refills the purse afterwards, and it is spent again only after the pair's other purses.
 * @param index the client's, from 0
 */
export function* planSteps(
  profile: TransferProfile,
  seed: number,
  index: number,
): Generator<Step, void, undefined> {
  const random = randomStream(seed, `client ${index}`);
  const pair = Math.floor(index / 2);
  // Both clients of a pair draw the same numbers from this stream, so they agree on when to meet.
  const paired = pair < pairCount(profile) ? randomStream(seed, `pair ${pair}`) : undefined;
  const operation = operationPlanner(profile, index, random);
  for (let spends = 0, step = 0; step < profile.steps; step += 1) {
    if (paired?.chance(profile.doubleSpends)) {
      yield doubleSpend(profile, index, spends);
      spends += 1;
    } else {
      yield { operations: [operation()] };
    }
  }
}

function doubleSpend(profile: TransferProfile, index: number, spends: number): Step {
  const pair = Math.floor(index / 2);
  const purse = purseId(profile, pair, spends);
  const [own] = ownAccounts(profile, index);
  const amount = `${profile.amount.most}`;
  const spend = {
    ...{ intent: 'double-spend', function: 'transfer', args: [purse, own, amount] },
    // Where the other one is in a block already, this one is refused; else it conflicts.
    refusal: 'possible' as const,
  };
  // They take turns, so that neither is drained by refilling.
  const refills = (spends + Math.floor(spends / PURSES) + index) % 2 === 0;
  const refill = { intent: 'refill', function: 'transfer', args: [own, purse, amount] };
  return {
    operations: refills ? [spend, refill] : [spend],
    meet: `pair ${pair} double spend ${spends}`,
  };
}

const POSSIBLE = { refusal: 'possible' } as const;

function operationPlanner(
  profile: TransferProfile,
  index: number,
  random: Random,
): () => PlannedOperation {
  const { amount, contention, moves, overdrafts, reads } = profile;
  const hot = Array.from({ length: contention.accounts }, (_, number) =>
    accountId(profile, number),
  );
  const own = ownAccounts(profile, index);
  const entities = entityNames(profile);
  const dry = mayRunDry(profile.balance, profile) ? POSSIBLE : {};
  const dryEntities = mayRunDry(moves.balance, profile) ? POSSIBLE : {};
  const transfer = (intent: string, among: readonly string[], units: number) => {
    const [from, to] = two(random, among);
    return { intent, function: 'transfer', args: [from, to, `${units}`], ...dry };
  };
  return () => {
    const choice = random.fraction();
    if (choice < reads.share) return read(profile, random);
    if (choice < reads.share + overdrafts) {
      const overdraft = transfer('overdraft', own, overdraftAmount(profile));
      return { ...overdraft, refusal: 'expected' };
    }
    if (choice < reads.share + overdrafts + moves.share) {
      const [from, to] = two(random, entities);
      const units = random.integer(amount.least, amount.most);
      return { intent: 'move', function: 'move', args: [from, to, `${units}`], ...dryEntities };
    }
    return random.chance(contention.share)
      ? transfer('contended', hot, random.integer(amount.least, amount.most))
      : transfer('transfer', own, random.integer(amount.least, amount.most));
  };
}

/** Neighbouring accounts, so that hot ones are often read together and changes seen in part would show. */
function read(profile: TransferProfile, random: Random): PlannedOperation {
  const { accounts, peers } = profile.reads;
  const first = random.chance(0.5) ? 0 : random.integer(0, profile.accounts - accounts);
  return {
    intent: 'read',
    function: 'read',
    args: Array.from({ length: accounts }, (_, number) => accountId(profile, first + number)),
    peer: random.pick(peers),
  };
}

/** The accounts of one client alone: at least two. */
function ownAccounts(profile: TransferProfile, index: number): [string, string, ...string[]] {
  const hot = profile.contention.accounts;
  const share = Math.floor((profile.accounts - hot) / profile.clients);
  const ids = Array.from({ length: share }, (_, number) =>
    accountId(profile, hot + index * share + number),
  );
  return ids as [string, string, ...string[]];
}

/** Two different ones. */
function two(random: Random, items: readonly string[]): [string, string] {
  const first = random.integer(0, items.length - 1);
  const second = (first + random.integer(1, items.length - 1)) % items.length;
  return [items[first] as string, items[second] as string];
}
