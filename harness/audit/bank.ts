import type { Change } from './replay.ts';

/** What the audit knows of the bank chaincode (fixtures/chaincode/bank): its keys, values and functions. */

export const ACCOUNT_PREFIX = 'account:';

export interface Account {
  readonly id: string;
  readonly owner: string;
  readonly balance: number;
}

/**
 * Values that were parsed lately. Several checks look at the same change, and what one transaction left is what the
 * next one finds; without this, parsing was a sixth of an audit's time.
 */
const parsedLately = new Map<string, unknown>();
const MOST_PARSED = 10_000;
const ASCII = /^[\x20-\x7e]*$/;

function parseJson(value: string): unknown {
  if (parsedLately.has(value)) return parsedLately.get(value);
  let parsed: unknown;
  try {
    // Bytes that are all ASCII are their own text.
    parsed = JSON.parse(ASCII.test(value) ? value : Buffer.from(value, 'latin1').toString('utf8'));
  } catch {
    parsed = undefined;
  }
  if (parsedLately.size === MOST_PARSED) parsedLately.clear();
  parsedLately.set(value, parsed);
  return parsed;
}

/** The account that a state value holds, or `undefined` if it is none. */
export function parseAccount(key: string, value: string): Account | undefined {
  const parsed = parseJson(value);
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { docType, id, owner, balance } = parsed as Record<string, unknown>;
  if (docType !== 'account' || id !== key.slice(ACCOUNT_PREFIX.length)) return undefined;
  if (typeof owner !== 'string' || !Number.isSafeInteger(balance)) return undefined;
  return { id, owner, balance: balance as number };
}

/** Money in a state value: an account's balance or an entity's decimal text; `undefined` if it is neither. */
export function moneyIn(key: string, value: string | null): bigint | undefined {
  if (value === null) return 0n;
  if (key.startsWith(ACCOUNT_PREFIX)) {
    const account = parseAccount(key, value);
    return account && BigInt(account.balance);
  }
  return /^-?\d+$/.test(value) ? BigInt(value) : undefined;
}

/** A decimal argument; `undefined` if it is not one. */
function amount(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/**
 * Money that a function creates (or, negative, destroys) by its arguments; 0 for all that only move it.
 *
 * @param args - function name and arguments
 * @returns `undefined` if the arguments are not what the function takes
 */
export function minted(args: readonly string[], changes: readonly Change[]): bigint | undefined {
  const [name, ...rest] = args;
  switch (name) {
    case 'open':
      return amount(rest[2]);
    case 'openMany': {
      const count = amount(rest[1]);
      const each = amount(rest[3]);
      return count === undefined || each === undefined ? undefined : count * each;
    }
    case 'init': {
      const first = amount(rest[1]);
      const second = amount(rest[3]);
      return first === undefined || second === undefined ? undefined : first + second;
    }
    case 'delete': {
      const removed = changes.find(({ key }) => key === rest[0]);
      const held = removed && moneyIn(removed.key, removed.before);
      return held === undefined ? undefined : -held;
    }
    default:
      return 0n;
  }
}

export interface Movement {
  readonly from: string;
  readonly to: string;
  /** `undefined` if the argument is no amount; the chaincode should have refused it. */
  readonly amount: bigint | undefined;
}

/** The movement that a call asks for, with state keys; `undefined` if it asks for none. */
export function movement(args: readonly string[]): Movement | undefined {
  const [name, from = '', to = '', text] = args;
  if (name !== 'transfer' && name !== 'move') return undefined;
  const prefix = name === 'transfer' ? ACCOUNT_PREFIX : '';
  return { from: prefix + from, to: prefix + to, amount: amount(text) };
}
