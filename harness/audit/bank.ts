import type { Change } from './replay.ts';

/** What the audit knows of the bank chaincode (fixtures/chaincode/bank): its keys, values and functions. */

export const ACCOUNT_PREFIX = 'account:';

export interface Account {
  readonly id: string;
  readonly owner: string;
  readonly balance: number;
}

/** JSON in a latin1 string of bytes; `undefined` if it is none. */
function parseJson(value: string): unknown {
  try {
    return JSON.parse(Buffer.from(value, 'latin1').toString('utf8'));
  } catch {
    return undefined;
  }
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

export interface ChangeOfMoney {
  readonly before: bigint | undefined;
  readonly after: bigint | undefined;
}

const changesOfMoney = new WeakMap<Change, ChangeOfMoney>();

/** Money before and after a change. Several checks ask for the same change; it is parsed once. */
export function moneyOf(change: Change): ChangeOfMoney {
  let money = changesOfMoney.get(change);
  if (!money) {
    const { key, before, after } = change;
    money = { before: moneyIn(key, before), after: moneyIn(key, after) };
    changesOfMoney.set(change, money);
  }
  return money;
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
      const held = removed && moneyOf(removed).before;
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
