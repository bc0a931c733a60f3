import { refusalOf } from './bank-refusals.ts';

const LARGEST = '9007199254740991';

const account = (id: string, balance: number | string): [string, string] => [
  `account:${id}`,
  `{"docType":"account","id":"${id}","owner":"ann","balance":${balance}}`,
];

const state = new Map<string, string>([
  account('a1', 100),
  account('a2', 0),
  account('rich', LARGEST),
  ['x', '100'],
  ['z', '0'],
  ['y', LARGEST],
]);

const refused = (name: string, ...args: readonly string[]) =>
  refusalOf(name, args, (key) => state.get(key));

const many = (count: number, id = 'a1'): string[] => Array.from({ length: count }, () => id);

describe('what the bank refuses', () => {
  it.each<[string, readonly string[], string]>([
    ['conjure', [], 'unknown function'],
    ['total', ['x'], 'wrong number of arguments'],
    ['transfer', ['a1', 'a2'], 'wrong number of arguments'],
    ['init', ['_', '1', 'q', '1'], 'no name of an entity'],
    ['init', ['q', '1', '_', '1'], 'no name of an entity'],
    ['init', ['account:q', '1', 'r', '1'], 'no name of an entity'],
    ['init', ['q', '-1', 'r', '1'], 'no balance'],
    ['init', ['q', '1', 'r', '01'], 'no balance'],
    ['init', ['q', '1', 'q', '1'], 'the same entity twice'],
    ['init', ['x', '1', 'q', '1'], 'the entity exists'],
    ['init', ['q', '1', 'x', '1'], 'the entity exists'],
    ['move', ['_', 'x', '1'], 'no name of an entity'],
    ['move', ['x', 'account:a1', '1'], 'no name of an entity'],
    ['move', ['x', 'y', '0'], 'no amount'],
    ['move', ['x', 'y', '9007199254740992'], 'no amount'],
    ['move', ['x', 'x', '1'], 'from and to are the same'],
    ['move', ['x', 'q', '1'], 'one of the two does not exist'],
    ['move', ['q', 'x', '1'], 'one of the two does not exist'],
    ['move', ['x', 'y', '101'], 'insufficient funds'],
    ['move', ['x', 'y', '1'], 'balance too large'],
    ['query', ['_'], 'no name of an entity'],
    ['query', ['account:a1'], 'no name of an entity'],
    ['query', ['q'], 'the entity does not exist'],
    ['delete', ['account:a1'], 'no name of an entity'],
    ['delete', ['q'], 'the entity does not exist'],
    ['open', ['*', 'bob', '1'], 'no id of an account'],
    ['open', ['new', '', '1'], 'no owner'],
    ['open', ['new', 'bob', ''], 'no balance'],
    ['open', ['a1', 'bob', '1'], 'the account exists'],
    ['openMany', ['n', '0', 'ann', '1'], 'no count'],
    ['openMany', ['n', '501', 'ann', '1'], 'no count'],
    ['openMany', ['*', '1', 'ann', '1'], 'no id of an account'],
    ['openMany', ['n'.repeat(63), '11', 'ann', '1'], 'no id of an account'],
    ['openMany', ['n', '1', '!', '1'], 'no owner'],
    ['openMany', ['n', '1', 'ann', '1.5'], 'no balance'],
    ['openMany', ['a', '2', 'ann', '1'], 'the account exists'],
    ['transfer', ['*', 'a1', '1'], 'no id of an account'],
    ['transfer', ['a1', '*', '1'], 'no id of an account'],
    ['transfer', ['a1', 'a1', '1'], 'from and to are the same'],
    ['transfer', ['a1', 'nobody', '1'], 'one of the two does not exist'],
    ['transfer', ['a1', 'a2', '101'], 'insufficient funds'],
    ['transfer', ['a1', 'rich', '1'], 'balance too large'],
    ['balance', ['*'], 'no id of an account'],
    ['balance', ['nobody'], 'the account does not exist'],
    ['account', ['*'], 'no id of an account'],
    ['account', ['nobody'], 'the account does not exist'],
    ['read', [], 'wrong number of arguments'],
    ['read', many(1_001), 'wrong number of arguments'],
    ['read', ['a1', '*'], 'no id of an account'],
    ['read', ['a1', 'nobody'], 'the account does not exist'],
    ['accountsByOwner', ['!'], 'no owner'],
    ['history', ['nobody'], 'the account does not exist'],
  ])('refuses %s(%j): %s', (name, args, why) => {
    expect(refused(name, ...args)).toBe(why);
  });

  it.each<[string, readonly string[]]>([
    ['init', ['q', '0', 'r', LARGEST]],
    ['move', ['x', 'z', '100']],
    ['query', ['x']],
    ['delete', ['x']],
    ['open', ['new', 'Ünal, A.', LARGEST]],
    ['openMany', ['a', '1', 'ann', '0']],
    ['openMany', ['n', '500', 'ann', '1']],
    ['openMany', ['n'.repeat(63), '10', 'ann', '1']],
    ['transfer', ['a1', 'a2', '100']],
    ['transfer', ['rich', 'a2', LARGEST]],
    ['balance', ['a1']],
    ['account', ['a1']],
    ['read', many(1_000)],
    ['read', ['a1', 'a2']],
    ['accountsByOwner', ['nobody']],
    ['history', ['a1']],
    ['total', []],
  ])('does %s(%j)', (name, args) => {
    expect(refused(name, ...args)).toBeUndefined();
  });
});
