import { ACCOUNT_PREFIX, moneyIn } from './bank.ts';

/** What the bank chaincode (fixtures/chaincode/bank) refuses, by its own rules, at one state. */

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;
const ENTITY = /^[A-Za-z0-9][A-Za-z0-9 ._:-]{0,63}$/;
const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const OWNER = /^[\p{L}\p{N}][\p{L}\p{N} .,_@'-]{0,63}$/u;
const MOST_OPENED = 500n;
const MOST_READ = 1_000;

/** Number of arguments by function; `read` takes any. */
const PARAMETERS: Readonly<Record<string, number>> = {
  init: 4,
  move: 3,
  query: 1,
  delete: 1,
  open: 3,
  openMany: 4,
  transfer: 3,
  balance: 1,
  account: 1,
  history: 1,
  accountsByOwner: 1,
  total: 0,
};

/** Value of a key in the bank's namespace, as a latin1 string of bytes; `undefined` if there is none. */
export type Lookup = (key: string) => string | undefined;

/**
 * Why the bank refuses a call, e.g. `insufficient funds`; `undefined` if it does not. The state is one that the bank
 * itself wrote: damaged accounts are another check's business.
 */
export function refusalOf(
  name: string,
  args: readonly string[],
  lookup: Lookup,
): string | undefined {
  const parameters = PARAMETERS[name];
  if (parameters === undefined && name !== 'read') return 'unknown function';
  if (parameters !== undefined && args.length !== parameters) return 'wrong number of arguments';
  // What a function takes is there by now, and `read` looks at the list.
  const [first, second, third, fourth] = args as readonly [string, string, string, string];
  const has = (key: string): boolean => lookup(key) !== undefined;
  const hasAccount = (id: string): boolean => has(ACCOUNT_PREFIX + id);
  switch (name) {
    case 'init':
      if (!isEntity(first) || !isEntity(third)) return 'no name of an entity';
      if (!isInteger(second, 0n) || !isInteger(fourth, 0n)) return 'no balance';
      if (first === third) return 'the same entity twice';
      return has(first) || has(third) ? 'the entity exists' : undefined;
    case 'move':
      if (!isEntity(first) || !isEntity(second)) return 'no name of an entity';
      return movement(first, second, third, lookup);
    case 'query':
    case 'delete':
      if (!isEntity(first)) return 'no name of an entity';
      return has(first) ? undefined : 'the entity does not exist';
    case 'open':
      if (!ACCOUNT_ID.test(first)) return 'no id of an account';
      if (!OWNER.test(second)) return 'no owner';
      if (!isInteger(third, 0n)) return 'no balance';
      return hasAccount(first) ? 'the account exists' : undefined;
    case 'openMany':
      return openMany(first, second, third, fourth, hasAccount);
    case 'transfer':
      if (!ACCOUNT_ID.test(first) || !ACCOUNT_ID.test(second)) return 'no id of an account';
      return movement(ACCOUNT_PREFIX + first, ACCOUNT_PREFIX + second, third, lookup);
    case 'balance':
    case 'account':
      if (!ACCOUNT_ID.test(first)) return 'no id of an account';
      return hasAccount(first) ? undefined : 'the account does not exist';
    case 'read':
      if (args.length === 0 || args.length > MOST_READ) return 'wrong number of arguments';
      if (!args.every((id) => ACCOUNT_ID.test(id))) return 'no id of an account';
      return args.every(hasAccount) ? undefined : 'the account does not exist';
    case 'accountsByOwner':
      return OWNER.test(first) ? undefined : 'no owner';
    case 'history':
      // An account is never deleted, so one with a history is there.
      return hasAccount(first) ? undefined : 'the account does not exist';
  }
  return undefined;
}

const isEntity = (name: string): boolean => ENTITY.test(name) && !name.startsWith(ACCOUNT_PREFIX);

const isInteger = (text: string, least: bigint): boolean =>
  DECIMAL.test(text) && BigInt(text) >= least && BigInt(text) <= LARGEST;

function movement(from: string, to: string, text: string, lookup: Lookup): string | undefined {
  if (!isInteger(text, 1n)) return 'no amount';
  if (from === to) return 'from and to are the same';
  const source = lookup(from);
  const target = lookup(to);
  if (source === undefined || target === undefined) return 'one of the two does not exist';
  const amount = BigInt(text);
  if ((moneyIn(from, source) as bigint) < amount) return 'insufficient funds';
  return (moneyIn(to, target) as bigint) + amount > LARGEST ? 'balance too large' : undefined;
}

function openMany(
  prefix: string,
  count: string,
  owner: string,
  balance: string,
  hasAccount: (id: string) => boolean,
): string | undefined {
  if (!isInteger(count, 1n) || BigInt(count) > MOST_OPENED) return 'no count';
  if (!ACCOUNT_ID.test(`${prefix}${Number(count) - 1}`)) return 'no id of an account';
  if (!OWNER.test(owner)) return 'no owner';
  if (!isInteger(balance, 0n)) return 'no balance';
  for (let number = 0; number < Number(count); number += 1) {
    if (hasAccount(`${prefix}${number}`)) return 'the account exists';
  }
  return undefined;
}
