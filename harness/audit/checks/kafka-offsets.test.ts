import type { OrderingRecord } from '../../ordering/facts.ts';
import { kafkaAgreement } from '../../ordering/kafka/agreement.ts';
import { judge } from '../testing/forge.ts';
import type { LedgerBuilder, TestRecording, Unplaced } from '../testing/ledger-builder.ts';
import { busyRecording, opened, transfers } from '../testing/scene.ts';
import { agrees } from './agreement.ts';

const kafkaAgrees = agrees(kafkaAgreement);

const logOf = (recording: TestRecording): OrderingRecord[] =>
  recording.orderingRecords.get('mychannel') ?? [];

/** A configuration, accounts and two blocks of three transfers, in a topic with records of the test's own among them. */
function ordered(
  before: (ledger: LedgerBuilder) => void = () => {},
  change: (log: OrderingRecord[]) => void = () => {},
) {
  const ledger = opened();
  transfers(ledger, 1);
  before(ledger);
  transfers(ledger, 1);
  const recording = ledger.recording();
  change(logOf(recording));
  return judge(kafkaAgrees, recording);
}

const messages = (result: ReturnType<typeof ordered>) => {
  expect(result.verdict).toBe('invalid');
  return result.evidence.map(({ message }) => message);
};

const message = (more: object = {}): Unplaced => ({
  kind: 'message',
  mark: '0123456789abcdef0123456789abcdef',
  configSequence: 1,
  ...more,
});

describe('F20 every record of the topic', () => {
  it('is accounted for', () => {
    const recording = busyRecording();
    const log = logOf(recording);
    const result = judge(kafkaAgrees, recording);
    expect(result).toMatchObject({
      verdict: 'valid',
      counts: { records: log.length, 'records: connect': 2, 'records: configuration': 1 },
    });
    const { counts } = result;
    const sum = Object.entries(counts).reduce(
      (total, [name, count]) => total + (name.startsWith('records: ') ? count : 0),
      0,
    );
    expect(sum).toBe(log.length);
  });

  it('may be a connect or a late time-to-cut anywhere', () => {
    const result = ordered((ledger) => {
      ledger.append({ kind: 'connect' });
      ledger.append({ kind: 'time to cut', block: 3 });
    });
    expect(result).toMatchObject({
      verdict: 'valid',
      counts: { 'records: connect': 3, 'records: time to cut, too late': 1 },
    });
  });

  it('may be discarded because the configuration has changed since it was checked', () => {
    expect(ordered((ledger) => ledger.append(message({ configSequence: 0 })))).toMatchObject({
      verdict: 'valid',
      counts: { 'records: discarded, checked by an older configuration': 1 },
    });
    expect(messages(ordered((ledger) => ledger.append(message())))).toEqual([
      'topic mychannel has a message at offset 11 (its signature ends in 456789abcdef) that is in no block, and nothing says why it was discarded',
    ]);
  });

  it('may be discarded because it was put in order before', () => {
    const again = (original: number) =>
      ordered(
        (ledger) => ledger.append(message({ original: 5 })),
        (log) => {
          const taken = log.findLast(({ offset, kind }) => kind === 'message' && offset < 11);
          if (taken) log[taken.offset] = { ...taken, original } as OrderingRecord;
        },
      );
    expect(again(5)).toMatchObject({
      verdict: 'valid',
      counts: { 'records: discarded, put in order before': 1 },
    });
    expect(again(4).verdict).toBe('invalid');
  });

  it('is missed where it is gone from the middle or from the end', () => {
    const middle = ordered(undefined, (log) => log.splice(8, 1));
    expect(messages(middle)).toEqual([
      'topic mychannel goes from offset 7 to 9',
      expect.stringMatching(/^topic mychannel has a message at offset 9 .* no block/),
      'transaction 1 of block 3 is not in topic mychannel between the offset of the block before and 10, where it was cut',
    ]);
    const connect = ordered(undefined, (log) => log.splice(1, 1));
    expect(messages(connect)).toEqual(['topic mychannel goes from offset 0 to 2']);
    const first = ordered(undefined, (log) => log.splice(0, 1));
    expect(messages(first)).toEqual(['topic mychannel goes from offset -1 to 1']);
    const end = ordered(
      (ledger) => ledger.append({ kind: 'connect' }),
      (log) => log.splice(-5),
    );
    expect(messages(end).at(-1)).toBe(
      'topic mychannel was read to offset 10, but ends at 16: the others are gone',
    );
  });

  it('is of the block that it stands in, in its order and of its kind', () => {
    const swapped = ordered(undefined, (log) => {
      const [a, b] = [log[7], log[8]] as [OrderingRecord, OrderingRecord];
      log[7] = { ...b, offset: 7 };
      log[8] = { ...a, offset: 8 };
    });
    expect(messages(swapped)[0]).toMatch(/^topic mychannel has a message at offset 7 .* no block/);
    const kind = ordered(undefined, (log) => {
      log[7] = { ...log[7], kind: 'configuration' } as OrderingRecord;
    });
    expect(messages(kind)).toEqual([
      'topic mychannel has a configuration at offset 7, it is a message in block 3',
    ]);
  });

  it('that is in a block was checked by the configuration in force', () => {
    const outdated = ordered(undefined, (log) => {
      log[7] = { ...log[7], configSequence: 0 } as OrderingRecord;
    });
    expect(messages(outdated)).toEqual([
      'topic mychannel has at offset 7 what was checked by configuration 0, 1 was in force',
    ]);
  });

  it('that cuts a block is where the block says that it was cut', () => {
    const early = ordered(undefined, (log) => {
      log[1] = { offset: 1, kind: 'time to cut', block: 1 };
    });
    expect(messages(early)).toEqual([
      'topic mychannel says at offset 1 that block 1 is to be cut, it was at 2',
    ]);
    const never = ordered((ledger) => ledger.append({ kind: 'time to cut', block: 7 }));
    expect(early.evidence[0]).toHaveProperty('block', 1);
    expect(never.evidence[0]).not.toHaveProperty('block');
    expect(messages(never)).toEqual([
      'topic mychannel says at offset 11 that block 7 is to be cut, and it was not',
    ]);
  });

  it('after the last block is judged like the others', () => {
    const ledger = opened();
    ledger.append({ kind: 'connect' });
    ledger.append({ kind: 'time to cut', block: 2 });
    expect(judge(kafkaAgrees, ledger.recording()).verdict).toBe('valid');
    ledger.append(message());
    expect(messages(judge(kafkaAgrees, ledger.recording()))).toEqual([
      expect.stringMatching(/^topic mychannel has a message at offset 9 .* in no block/),
    ]);
  });

  it('may be damaged, and is then in no block', () => {
    const unmarked = ordered(undefined, (log) => {
      log[7] = { ...log[7], mark: undefined } as unknown as OrderingRecord;
    });
    expect(messages(unmarked)[0]).toMatch(/at offset 7 .* in no block/);
  });

  it('is one that an orderer wrote', () => {
    expect(messages(ordered((ledger) => ledger.append({ kind: 'unreadable' })))).toEqual([
      'topic mychannel has a record at offset 11 that no orderer wrote',
    ]);
  });

  it('is not known where the log is gone or cannot be read', () => {
    const gone = opened().recording();
    gone.orderingRecords.clear();
    expect(judge(kafkaAgrees, gone)).toMatchObject({
      verdict: 'unknown',
      reason: 'the log of topic mychannel was recorded, and is not there',
    });
    const damaged = opened().recording();
    damaged.orderingLog = () => ({
      [Symbol.iterator]: () => ({
        next: () => {
          throw new Error('line 3 is cut');
        },
      }),
    });
    expect(judge(kafkaAgrees, damaged).evidence.length).toBeGreaterThan(0);
    const whole = opened().recording();
    const log = logOf(whole);
    whole.orderingLog = () => ({
      *[Symbol.iterator]() {
        yield* log;
        throw new Error('line 99 is cut');
      },
    });
    expect(judge(kafkaAgrees, whole)).toMatchObject({
      verdict: 'unknown',
      reason: 'the log of the topic cannot be read: line 99 is cut',
    });
  });
});
