import type { Completion, Invocation } from '../../workload/history.ts';
import { OpenTransactions } from './open-transactions.ts';

function submit(operation: number, transactionId: string): Invocation {
  return {
    ...{ type: 'invoke', operation, client: 'org1-0', msp: 'Org1MSP', channel: 'c' },
    ...{ chaincode: 'bank', kind: 'submit', function: 'transfer', args: [], transactionId },
    ...{ peers: [], at: 0 },
  };
}

const end = (
  operation: number,
  outcome: Completion['outcome'],
  acknowledgedAt?: number,
): Completion => ({
  ...{ type: 'complete', operation, outcome, at: 1 },
  ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
});

describe('open transactions', () => {
  it('are those under way and those of unknown outcome', () => {
    const open = new OpenTransactions();
    for (const number of [1, 2, 3, 4, 5]) open.record(submit(number, `t${number}`));
    open.record(end(1, 'ok', 1));
    open.record(end(2, 'fail'));
    open.record(end(3, 'unknown'));
    open.record(end(4, 'unknown', 1));
    expect(open.count()).toEqual({ all: 3, acknowledged: 1 });
  });

  it('are no longer open once they were seen in a block, also before the client heard of it', () => {
    const open = new OpenTransactions();
    open.committed(['t2']);
    open.record(submit(1, 't1'));
    open.record(submit(2, 't2'));
    open.record(end(1, 'unknown', 1));
    open.record(end(2, 'unknown', 1));
    expect(open.count()).toEqual({ all: 1, acknowledged: 1 });
    open.committed(['t1', 'somebody else’s']);
    expect(open.count()).toEqual({ all: 0, acknowledged: 0 });
  });

  it('are never reads', () => {
    const open = new OpenTransactions();
    const { transactionId: _, ...read } = submit(1, '');
    open.record({ ...read, kind: 'evaluate' });
    open.record(end(1, 'unknown'));
    expect(open.count().all).toBe(0);
  });
});
