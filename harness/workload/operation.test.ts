import type { LoadClient, SubmitRequest, SubmitResult } from './client.ts';
import type { History } from './history-writer.ts';
import { perform } from './operation.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';
import { completions, invocations, memoryHistory } from './testing/memory-history.ts';

const transfer = { intent: 'transfer', function: 'transfer', args: ['x', 'y', '1'] };
const prepared = { transactionId: 'tx1', peers: ['peer0.org1'] };

function client(methods: Partial<LoadClient>): LoadClient {
  const nothing = async (): Promise<never> => {
    throw new Error('not expected in this test');
  };
  return {
    ...{ name: 'org1-0', msp: 'Org1MSP', channel: 'mychannel', chaincode: 'bank' },
    ...{ submit: nothing, evaluate: nothing, ...methods },
  };
}

function setUp() {
  const clock = new FakeClock();
  const { history, records } = memoryHistory(clock);
  return { clock, records, context: { history, clock, timeout: 1_000 } };
}

describe('a submit', () => {
  it('is on file before anything is sent, and its end when it is known', async () => {
    const { clock, context, records } = setUp();
    await clock.advance(5);
    const done = perform(
      context,
      client({
        submit: async (request) => {
          request.prepared(prepared);
          expect(records).toHaveLength(1);
          await clock.until(20);
          request.acknowledged('orderer1');
          await clock.until(50);
          return { outcome: 'ok', code: 'VALID', block: 7, orderer: 'orderer1', stage: 'commit' };
        },
      }),
      { ...transfer, orderer: 'orderer1' },
    );
    await clock.advance(100);
    expect(await done).toEqual(records[1]);
    expect(records).toEqual([
      {
        ...{ type: 'invoke', operation: 1, client: 'org1-0', msp: 'Org1MSP', at: 5 },
        ...{ channel: 'mychannel', chaincode: 'bank', kind: 'submit', ...transfer, ...prepared },
      },
      {
        ...{ type: 'complete', operation: 1, outcome: 'ok', code: 'VALID', block: 7, at: 50 },
        ...{ orderer: 'orderer1', acknowledgedAt: 20, stage: 'commit' },
      },
    ]);
  });

  it('hands the orderer and nothing else on', async () => {
    const { context } = setUp();
    const requests: SubmitRequest[] = [];
    const submit = async (request: SubmitRequest): Promise<SubmitResult> => {
      requests.push(request);
      return { outcome: 'fail' };
    };
    await perform(context, client({ submit }), transfer);
    await perform(context, client({ submit }), { ...transfer, orderer: 'orderer1' });
    expect(requests.map(({ orderer }) => orderer)).toEqual([undefined, 'orderer1']);
    expect(requests[0]).toMatchObject({ function: 'transfer', args: ['x', 'y', '1'] });
  });

  it('that throws before it was prepared certainly failed, and is counted', async () => {
    const { context, records } = setUp();
    const submit = async () => {
      throw new Error('no endorser\n    at stack');
    };
    await perform(context, client({ submit }), transfer);
    expect(invocations(records)).toMatchObject([{ operation: 1, peers: [] }]);
    expect(invocations(records)[0]).not.toHaveProperty('transactionId');
    expect(completions(records)).toMatchObject([{ outcome: 'fail', error: 'no endorser' }]);
  });

  it('that throws afterwards is unknown', async () => {
    const { context, records } = setUp();
    const submit = async (request: SubmitRequest) => {
      request.prepared(prepared);
      throw new Error('stream reset');
    };
    await perform(context, client({ submit }), transfer);
    expect(completions(records)).toMatchObject([{ outcome: 'unknown', error: 'stream reset' }]);
  });

  it('that throws at once, not through its promise, is no error of the harness', async () => {
    const { context, records } = setUp();
    const submit = () => {
      throw new Error('broken');
    };
    await perform(context, client({ submit }), transfer);
    expect(completions(records)).toMatchObject([{ outcome: 'fail', error: 'broken' }]);
  });

  it('without an answer is unknown after its time, and what comes later is dropped', async () => {
    const { clock, context, records } = setUp();
    let aborted = false;
    const done = perform(
      context,
      client({
        submit: async (request) => {
          request.prepared(prepared);
          request.acknowledged('orderer0');
          request.signal.addEventListener('abort', () => {
            aborted = true;
          });
          await clock.until(1_500);
          return { outcome: 'ok', code: 'VALID' };
        },
      }),
      transfer,
    );
    await clock.advance(999);
    expect(completions(records)).toEqual([]);
    await clock.advance(1_000);
    await done;
    expect(aborted).toBe(true);
    expect(completions(records)).toEqual([
      {
        ...{ type: 'complete', operation: 1, outcome: 'unknown', at: 1_000, stage: 'commit' },
        ...{ orderer: 'orderer0', acknowledgedAt: 0, error: 'no answer within 1000 ms' },
      },
    ]);
  });

  it('that was given up before it was prepared failed, and can no longer be sent', async () => {
    const { clock, context, records } = setUp();
    let late: unknown;
    const done = perform(
      context,
      client({
        submit: async (request) => {
          await clock.until(1_200);
          try {
            request.prepared(prepared);
          } catch (error) {
            late = error;
          }
          return { outcome: 'fail' };
        },
      }),
      transfer,
    );
    await clock.advance(2_000);
    await done;
    expect(completions(records)).toMatchObject([{ outcome: 'fail', at: 1_000 }]);
    expect(invocations(records)).toHaveLength(1);
    expect(String(late)).toMatch(/operation 1 of org1-0 was given up after 1000 ms/);
  });

  it('cannot become two transactions', async () => {
    const { context, records } = setUp();
    const submit = async (request: SubmitRequest): Promise<SubmitResult> => {
      request.prepared(prepared);
      request.prepared({ ...prepared, transactionId: 'tx2' });
      return { outcome: 'ok' };
    };
    await perform(context, client({ submit }), transfer);
    expect(invocations(records)).toMatchObject([{ transactionId: 'tx1' }]);
    expect(completions(records)).toMatchObject([
      { outcome: 'unknown', error: 'operation 1 of org1-0: expected one transaction, got another' },
    ]);
  });

  it('is an error of the harness only when the history cannot be written', async () => {
    const clock = new FakeClock();
    const history = {
      ...{ nextOperation: () => 1, now: () => 0 },
      append: () => {
        throw new Error('ENOSPC');
      },
    } as unknown as History;
    const submit = async (request: SubmitRequest): Promise<SubmitResult> => {
      request.prepared(prepared);
      return { outcome: 'ok' };
    };
    const done = perform({ history, clock, timeout: 1 }, client({ submit }), transfer);
    await expect(done).rejects.toThrow('ENOSPC');
  });
});

describe('an evaluate', () => {
  const read = { intent: 'read', function: 'read', args: ['x'], peer: 'peer1.org2' };

  it('records the peer, the result and the heights around it', async () => {
    const { context, records } = setUp();
    const evaluate = async () =>
      ({ outcome: 'ok', result: '{"x":5}', heightBefore: 3, heightAfter: 4 }) as const;
    await perform(context, client({ evaluate }), read);
    expect(invocations(records)).toMatchObject([{ kind: 'evaluate', peers: ['peer1.org2'] }]);
    expect(completions(records)).toMatchObject([
      { outcome: 'ok', result: '{"x":5}', heightBefore: 3, heightAfter: 4 },
    ]);
  });

  it('that has no answer or throws failed: a read leaves nothing behind', async () => {
    const { clock, context, records } = setUp();
    const silent = perform(context, client({ evaluate: () => new Promise(() => {}) }), read);
    await clock.advance(1_000);
    await silent;
    await perform(context, client({}), read);
    await settled();
    expect(completions(records)).toMatchObject([
      { outcome: 'fail', stage: 'evaluate', error: 'no answer within 1000 ms' },
      { outcome: 'fail', error: 'not expected in this test' },
    ]);
  });
});
