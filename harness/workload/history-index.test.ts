import type { Completion, HistoryRecord, Invocation } from './history.ts';
import { indexHistory, ofChannel } from './history-index.ts';

const invoke = (operation: number, more: Partial<Invocation> = {}): Invocation => ({
  type: 'invoke',
  operation,
  client: `client-${operation}`,
  msp: 'Org1MSP',
  channel: 'mychannel',
  chaincode: 'bank',
  kind: 'submit',
  function: 'transfer',
  args: [],
  transactionId: `tx${operation}`,
  peers: [],
  at: operation,
  ...more,
});

const complete = (operation: number, more: Partial<Completion> = {}): Completion => ({
  type: 'complete',
  operation,
  outcome: 'ok',
  at: 100,
  ...more,
});

const height = (channel: string): HistoryRecord => ({
  type: 'height',
  source: 'orderer0',
  channel,
  height: 1,
  at: 1,
});
const mark: HistoryRecord = { type: 'mark', label: 'load starts', at: 1 };
const fault: HistoryRecord = {
  type: 'fault',
  fault: 1,
  phase: 'inject',
  kind: 'crash',
  role: 'orderer',
  targets: [],
  at: 1,
};

describe('indexHistory', () => {
  it('pairs what was asked with what came of it, and sorts the rest', () => {
    const records = [invoke(1), mark, fault, invoke(2), height('mychannel'), complete(1)];
    const history = indexHistory(records);
    expect(history).toMatchObject({
      operations: [
        { invoke: invoke(1), complete: complete(1) },
        { invoke: invoke(2), complete: null },
      ],
      faults: [fault],
      heights: [height('mychannel')],
      marks: [mark],
      problems: [],
    });
    expect(history.byTransaction.get('tx2')).toBe(history.operations[1]);
    expect(history.byTransaction.size).toBe(2);
  });

  it('needs no transaction id for a read', () => {
    const { transactionId: _, ...read } = invoke(1, { kind: 'evaluate' });
    const history = indexHistory([read, complete(1)]);
    expect(history.problems).toEqual([]);
    expect(history.byTransaction.size).toBe(0);
  });

  it('lets a client begin again after it came back', () => {
    const records = [
      invoke(1, { client: 'c' }),
      complete(1),
      invoke(2, { client: 'c' }),
      complete(2),
      invoke(3, { client: 'c' }),
    ];
    expect(indexHistory(records).problems).toEqual([]);
  });

  const { transactionId: _, ...anonymous } = invoke(1);
  it.each<[HistoryRecord[], string]>([
    [[invoke(1), invoke(1)], 'operation 1 was invoked twice'],
    [
      [invoke(1, { client: 'c' }), invoke(2, { client: 'c' })],
      'client c began operation 2 before 1 came back',
    ],
    [[anonymous], 'operation 1 is a submit without a transaction id'],
    [
      [invoke(1), invoke(2, { transactionId: 'tx1' })],
      'two operations have the transaction id tx1',
    ],
    [[complete(1)], 'operation 1 completed without having been invoked'],
    [
      [{ ...invoke(1), args: 'x' } as unknown as HistoryRecord],
      'a record of type invoke at 1 ms has no args',
    ],
    [
      [{ ...fault, targets: undefined } as unknown as HistoryRecord],
      'a record of type fault at 1 ms has no targets',
    ],
    [[invoke(1), complete(1), complete(1)], 'operation 1 completed twice'],
    [[invoke(1), complete(1, { at: 0 })], 'operation 1 completed before it was invoked'],
  ])('reports %j', (records, problem) => {
    expect(indexHistory(records).problems).toEqual([problem]);
  });

  it('takes a completion at the same millisecond', () => {
    expect(indexHistory([invoke(1), complete(1, { at: 1 })]).problems).toEqual([]);
  });

  it('keeps what was read before the damage', () => {
    function* damaged() {
      yield invoke(1);
      throw new Error('line 2 is not JSON');
    }
    const history = indexHistory(damaged());
    expect(history.operations).toHaveLength(1);
    expect(history.problems).toEqual(['history cannot be read to its end: line 2 is not JSON']);
  });
});

describe('what operations share', () => {
  const answer = (peer: string, more: object = {}) => ({
    ...{ peer, round: 2, status: 200, result: 'r', reads: 's', heightBefore: 4, heightAfter: 4 },
    ...more,
  });
  const answersOf = (...answers: readonly ReturnType<typeof answer>[]) =>
    indexHistory([invoke(1), complete(1, { responses: answers })]).operations[0]?.complete
      ?.responses;

  it('keeps of answers that agree who gave them, once for all', () => {
    expect(answersOf(answer('a'), answer('b'))).toEqual([
      { peer: 'a', round: 1, status: 200 },
      { peer: 'b', round: 1, status: 200 },
    ]);
    const peers = ['a', 'b'];
    const { operations } = indexHistory([
      ...[1, 2, 3].map((number) => invoke(number, { peers: number === 3 ? ['a'] : [...peers] })),
      complete(1, { responses: [answer('a'), answer('b')] }),
      complete(2, { responses: [answer('a', { result: 'x' }), answer('b', { result: 'x' })] }),
      complete(3, { responses: [answer('a')] }),
    ]);
    const [first, second, third] = operations;
    expect(second?.complete?.responses).toBe(first?.complete?.responses);
    expect(second?.invoke.peers).toBe(first?.invoke.peers);
    expect(third?.complete?.responses).toEqual([{ peer: 'a', round: 1, status: 200 }]);
    expect(third?.invoke.peers).toEqual(['a']);
  });

  it.each([
    [answer('a'), answer('b', { result: 'other' })],
    [answer('a', { status: 500 }), answer('b', { status: 500 })],
    [answer('a'), answer('b', { status: undefined })],
  ])('keeps answers that do not as they are: %j, %j', (...answers) => {
    expect(answersOf(...answers)).toEqual(answers);
  });
});

describe('ofChannel', () => {
  it('gives the operations and heights of one channel, and all faults and marks', () => {
    const whole = indexHistory([
      invoke(1),
      invoke(2, { channel: 'other' }),
      height('mychannel'),
      height('other'),
      mark,
      fault,
    ]);
    const part = ofChannel(whole, 'other');
    expect(part.operations.map(({ invoke: { operation } }) => operation)).toEqual([2]);
    expect([...part.byTransaction.keys()]).toEqual(['tx2']);
    expect(part.heights).toEqual([height('other')]);
    expect(part.marks).toHaveLength(1);
    expect(part.faults).toHaveLength(1);
  });

  it('does so where all operations are of that channel', () => {
    const whole = indexHistory([invoke(1), height('mychannel'), height('other')]);
    const part = ofChannel(whole, 'mychannel');
    expect(part.operations).toHaveLength(1);
    expect([...part.byTransaction.keys()]).toEqual(['tx1']);
    expect(part.heights).toEqual([height('mychannel')]);
  });
});
