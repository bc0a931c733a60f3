/** The bank chaincode as the paper network runs it; the rules are those of fixtures/chaincode/bank. */
export interface BankStub {
  get(key: string): string | undefined;
  put(key: string, value: string): void;
  remove(key: string): void;
  range(start: string, end: string): [string, string][];
}

interface Account {
  readonly docType: 'account';
  readonly id: string;
  readonly owner: string;
  readonly balance: number;
}

const PREFIX = 'account:';

/** Calls a function and returns its result; throws where the chaincode refuses. */
export function callBank(stub: BankStub, name: string, args: readonly string[]): string {
  const arg = (index: number): string => args[index] ?? '';
  const load = (id: string): Account => {
    const value = stub.get(PREFIX + id);
    if (value === undefined) throw new Error(`account ${id} does not exist`);
    return JSON.parse(value) as Account;
  };
  const store = (account: Account): void => stub.put(PREFIX + account.id, JSON.stringify(account));
  const entity = (key: string): number => {
    const value = stub.get(key);
    if (value === undefined) throw new Error(`entity ${key} does not exist`);
    return Number(value);
  };
  switch (name) {
    case 'open': {
      if (stub.get(PREFIX + arg(0)) !== undefined) throw new Error(`account ${arg(0)} exists`);
      store({ docType: 'account', id: arg(0), owner: arg(1), balance: Number(arg(2)) });
      return '';
    }
    case 'openMany': {
      stub.range(`${PREFIX}${arg(0)}0`, `${PREFIX}${arg(0)}:`);
      for (let number = 0; number < Number(arg(1)); number += 1) {
        store({
          docType: 'account',
          id: `${arg(0)}${number}`,
          owner: arg(2),
          balance: Number(arg(3)),
        });
      }
      return '';
    }
    case 'transfer': {
      const from = load(arg(0));
      const to = load(arg(1));
      const amount = Number(arg(2));
      if (from.balance < amount) throw new Error('insufficient funds');
      store({ ...from, balance: from.balance - amount });
      store({ ...to, balance: to.balance + amount });
      return '';
    }
    case 'init': {
      stub.get(arg(0));
      stub.get(arg(2));
      stub.put(arg(0), arg(1));
      stub.put(arg(2), arg(3));
      return '';
    }
    case 'move': {
      const from = entity(arg(0));
      const to = entity(arg(1));
      stub.put(arg(0), String(from - Number(arg(2))));
      stub.put(arg(1), String(to + Number(arg(2))));
      return '';
    }
    case 'delete':
      entity(arg(0));
      stub.remove(arg(0));
      return '';
    case 'query':
      return String(entity(arg(0)));
    case 'balance':
      return String(load(arg(0)).balance);
    case 'account':
      return JSON.stringify(load(arg(0)));
    case 'read':
      return JSON.stringify(Object.fromEntries(args.map((id) => [id, load(id).balance])));
    case 'total':
      return String(
        stub
          .range(PREFIX, 'account;')
          .reduce((sum, [, value]) => sum + (JSON.parse(value) as Account).balance, 0),
      );
    case 'accountsByOwner':
      return `[${stub
        .range(PREFIX, 'account;')
        .map(([, value]) => value)
        .filter((value) => (JSON.parse(value) as Account).owner === arg(0))
        .join(',')}]`;
    default:
      throw new Error(`unknown function ${name}`);
  }
}
