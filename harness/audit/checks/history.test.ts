import type { HistoryRecord } from '../../workload/history.ts';
import { judge, rewrite } from '../testing/forge.ts';
import type { TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording } from '../testing/scene.ts';
import { historySound } from './history.ts';

const ID = 'a'.repeat(64);

/** Changes the nth record of a type. */
function changed(type: HistoryRecord['type'], change: object, nth = 4): TestRecording {
  const recording = busyRecording();
  let count = -1;
  rewrite(recording, (record) => {
    if (record.type === type) count += 1;
    return record.type === type && count === nth
      ? ({ ...record, ...change } as HistoryRecord)
      : record;
  });
  return recording;
}

const flaw = (recording: TestRecording): string | undefined =>
  judge(historySound, recording).evidence[0]?.message.replace(/^operation \d+: /, '');

describe('R2 history well-formed', () => {
  it('accepts a sound run', () => {
    expect(judge(historySound, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { operations: 39, violations: 0 },
    });
  });

  it('accepts that a program of the author calls another chaincode, and not that it calls none', () => {
    const calling = (chaincode: unknown, intent?: string) =>
      flaw(changed('invoke', { chaincode, ...(intent !== undefined && { intent }) }));
    expect(calling('other', 'program')).toBeUndefined();
    expect(calling('', 'program')).toBe('it calls ');
    expect(calling('other', 'probe')).toBe('it calls other');
  });

  it.each<[HistoryRecord['type'], object, string]>([
    ['invoke', { operation: 77 }, 'it follows operation 4'],
    ['invoke', { at: 1 }, 'it began before the one before it'],
    ['invoke', { at: undefined }, 'it has no time'],
    ['invoke', { client: '' }, 'it has no client'],
    ['invoke', { msp: 'Org3MSP' }, 'Org3MSP is no organisation'],
    ['invoke', { channel: 'x' }, 'x is no channel of the scenario'],
    ['invoke', { chaincode: 'other' }, 'it calls other'],
    ['invoke', { function: undefined }, 'it calls nothing'],
    ['invoke', { kind: 'ask' }, 'ask is no kind of operation'],
    ['invoke', { args: [1] }, 'its arguments'],
    ['invoke', { args: undefined }, 'a record of type invoke at 1048 ms has no args'],
    ['invoke', { peers: undefined }, 'a record of type invoke at 1048 ms has no peers'],
    ['invoke', { peers: ['peer9'] }, 'it asks peer9, which is no peer of the channel'],
    ['invoke', { transactionId: 'AB' }, 'AB is no transaction id'],
    ['invoke', { transactionId: `${ID}a` }, `${ID}a is no transaction id`],
    ['invoke', { transactionId: `x${ID}` }, `x${ID} is no transaction id`],
    ['complete', { outcome: 'fine' }, 'fine is no outcome'],
    ['complete', { at: undefined }, 'its end has no time'],
    ['complete', { stage: 'x' }, 'x is no stage'],
    ['complete', { orderer: 'x' }, 'x is no orderer'],
    ['complete', { code: 'INVALID' }, 'INVALID is no code'],
    ['complete', { block: -1 }, '-1 is no block'],
    ['complete', { error: 5 }, 'its error is no text'],
    ['complete', { refused: 'yes' }, 'whether it was refused'],
    [
      'complete',
      { acknowledgedAt: 1 },
      'it was acknowledged at 1 ms, before it began or after it ended',
    ],
    ['complete', { code: undefined }, 'it is in block 3 without a code'],
    ['complete', { code: undefined, outcome: 'fail' }, 'it is in block 3 without a code'],
    ['complete', { code: 'MVCC_READ_CONFLICT' }, 'it is ok without being VALID'],
    ['complete', { block: undefined }, 'it is VALID in no block'],
    [
      'complete',
      { outcome: 'fail', code: 'PHANTOM_READ_CONFLICT', block: undefined },
      'it is PHANTOM_READ_CONFLICT in no block',
    ],
    [
      'height',
      { source: 'x' },
      'height 1 of x in mychannel at 1003 ms is no sample of this network',
    ],
    [
      'height',
      { height: '1' },
      'height 1 of orderer0 in mychannel at 1003 ms is no sample of this network',
    ],
    [
      'height',
      { channel: 'x' },
      'height 1 of orderer0 in x at 1003 ms is no sample of this network',
    ],
    ['height', { type: 'h' }, 'a record of type h at 1003 ms is unknown'],
  ])('rejects %s with %j', (type, change, message) => {
    expect(flaw(changed(type, change))).toBe(message);
  });

  it('rejects a fault that cannot be read, and a read that is ok without a result', () => {
    expect(flaw(changed('fault', { phase: 'begun' }, 0))).toMatch(/^fault 1 \(crash\) at \d+ ms/);
    expect(flaw(changed('fault', { targets: 'x' }, 0))).toBeDefined();
    expect(flaw(changed('complete', { result: undefined }, 38))).toBe(
      'it is ok without a result between two heights',
    );
  });

  it('takes VALID without a block from the one library that tells no block, and nothing less', () => {
    const recording = changed('complete', { block: undefined });
    recording.scenario = { ...recording.scenario, client: 'fabric-network' };
    expect(judge(historySound, recording).verdict).toBe('valid');
    recording.scenario = { ...recording.scenario, client: 'fabric-gateway' };
    expect(flaw(recording)).toBe('it is VALID in no block');
    const codeless = changed('complete', { code: undefined, block: undefined });
    codeless.scenario = { ...codeless.scenario, client: 'fabric-network' };
    expect(flaw(codeless)).toBe('it is ok without being VALID');
  });

  it('takes what a program of the author knows of its operations', () => {
    const recording = changed('complete', { code: undefined, block: undefined });
    rewrite(recording, (record) =>
      record.type === 'invoke' ? { ...record, intent: 'program' } : record,
    );
    expect(judge(historySound, recording).verdict).toBe('valid');
  });

  it('rejects an operation that never came back, unless the run was interrupted', () => {
    const recording = busyRecording();
    rewrite(recording, (record) =>
      record.type === 'complete' && record.operation === 39 ? null : record,
    );
    expect(flaw(recording)).toBe('it never came back');
    recording.history.push({ type: 'mark', label: 'interrupted', at: 9_000 });
    expect(judge(historySound, recording).verdict).toBe('valid');
  });

  it('rejects what the index of the history could not make sense of', () => {
    const recording = busyRecording();
    const [first] = recording.history.filter((record) => record.type === 'complete');
    if (first) recording.history.push(first);
    expect(flaw(recording)).toBe('operation 1 completed twice');
  });

  it('does not ask for operations where none were to be seen', () => {
    const recording = busyRecording();
    recording.history = [];
    expect(judge(historySound, recording).verdict).toBe('unknown');
    recording.scenario = { ...recording.scenario, floors: { operations: 0 } };
    expect(judge(historySound, recording).verdict).toBe('valid');
  });
});
