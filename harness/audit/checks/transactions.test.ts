import { UNSETTLED } from '../../workload/history.ts';
import { editBlock, idOf, judge, operationOf, rewrite } from '../testing/forge.ts';
import { LedgerBuilder, ORDERERS, PEERS, type TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording, opened, transfers } from '../testing/scene.ts';
import { allSettled, noneForged, noneLost, noneTwice, notifiedTruly } from './transactions.ts';

const SOURCES = [...PEERS, ...ORDERERS];

/** Takes one operation's block out of what a source holds, as if the source had never got it. */
function truncate(recording: TestRecording, source: string, height: number): void {
  recording.chain.set(source, (recording.chain.get(source) ?? []).slice(0, height));
}

/** An envelope ordered twice, the second copy with this code. */
const doubled = (secondCode: number) => {
  const ledger = opened();
  const once = ledger.submit('transfer', ['a1', 'a2', '3']);
  ledger.cut();
  ledger.submit('transfer', ['a3', 'a4', '3']);
  ledger.order(once, 'nothing');
  ledger.forcedCodes.set(`${ledger.height}:1`, secondCode);
  ledger.cut();
  return { ledger, once };
};

describe('F1 nothing acknowledged is lost', () => {
  it('accepts a run in which unknown, refused and duplicate envelopes occur', () => {
    const result = judge(noneLost, busyRecording());
    expect(result).toEqual({
      ...noneLost.definition,
      verdict: 'valid',
      evidence: [],
      counts: { acknowledged: 30, 'answered of the load': 30, violations: 0 },
    });
  });

  it('rejects an acknowledged transaction that is in no block', () => {
    const ledger = opened();
    transfers(ledger, 4);
    const lost = ledger.endorse('transfer', ['a1', 'a2', '3']);
    ledger.complete(lost.operation, {
      outcome: 'unknown',
      stage: 'commit',
      orderer: 'orderer1',
      acknowledgedAt: ledger.now,
    });
    const result = judge(noneLost, ledger.recording());
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        transactionId: lost.id,
        operation: lost.operation,
        message: `operation ${lost.operation} was acknowledged, but its transaction is in no block`,
      },
    ]);
  });

  it('leaves open what is missing where the network never came to rest', () => {
    const ledger = opened();
    transfers(ledger, 10);
    const late = ledger.endorse('transfer', ['a1', 'a2', '3']);
    const acknowledgedAt = ledger.now;
    ledger.complete(late.operation, { outcome: 'unknown', stage: 'commit', acknowledgedAt });
    ledger.history.push({ type: 'mark', label: UNSETTLED, at: ledger.now });
    const recording = ledger.recording();
    expect(judge(noneLost, recording)).toMatchObject({
      verdict: 'unknown',
      counts: { 'may still come': 1, violations: 0 },
    });
    expect(judge(allSettled, recording)).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringContaining('did not come to rest'),
    });
  });

  it('leaves open what a copy lacks where the network never came to rest', () => {
    const recording = busyRecording();
    truncate(recording, 'orderer1', (recording.chain.get('orderer1')?.length ?? 0) - 1);
    expect(judge(noneLost, recording).verdict).toBe('invalid');
    recording.history.push({ type: 'mark', label: UNSETTLED, at: 1e9 });
    expect(judge(noneLost, recording).verdict).toBe('unknown');
  });

  it('accepts the same without the acknowledgement', () => {
    const ledger = opened();
    transfers(ledger, 4);
    const lost = ledger.endorse('transfer', ['a1', 'a2', '3']);
    ledger.complete(lost.operation, { outcome: 'unknown', stage: 'broadcast' });
    expect(judge(noneLost, ledger.recording()).verdict).toBe('valid');
  });

  it('ignores operations that never came back, and reads', () => {
    const ledger = opened();
    transfers(ledger, 4);
    ledger.endorse('transfer', ['a1', 'a2', '3']);
    ledger.evaluate('balance', ['a1']);
    expect(judge(noneLost, ledger.recording()).verdict).toBe('valid');
  });

  it('rejects a transaction that is told VALID and refused as a duplicate only', () => {
    const recording = busyRecording();
    const operation = operationOf(recording, 'transfer a3 a4 7');
    const id = idOf(recording, operation);
    const place = recording.history.find(
      (record) => record.type === 'complete' && record.operation === operation,
    );
    const block = place?.type === 'complete' ? (place.block ?? 0) : 0;
    for (const peer of PEERS) {
      editBlock(recording, peer, block, ({ metadata }) => {
        metadata[2] = Buffer.from([9, 9]);
      });
    }
    const result = judge(noneLost, recording);
    expect(result.evidence.map(({ transactionId }) => transactionId)).toContain(id);
  });

  it('names the copies that lack the block of an acknowledged transaction', () => {
    const recording = busyRecording();
    const height = recording.chain.get('orderer1')?.length ?? 0;
    truncate(recording, 'orderer1', height - 1);
    truncate(recording, 'peer1.org2', height - 1);
    const result = judge(noneLost, recording);
    const operation = operationOf(recording, 'delete y');
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        transactionId: idOf(recording, operation),
        operation,
        block: height - 1,
        sources: ['peer1.org2', 'orderer1'],
        message: `acknowledged transaction of block ${height - 1} is missing on peer1.org2, orderer1`,
      },
    ]);
  });

  it('accepts a copy with other bytes that still holds the transaction, and rejects one that does not', () => {
    const recording = busyRecording();
    const last = (recording.chain.get('orderer0')?.length ?? 0) - 1;
    editBlock(recording, 'orderer0', last, (block) => {
      block.dataHash = Buffer.alloc(32, 7);
    });
    expect(judge(noneLost, recording).verdict).toBe('valid');
    editBlock(recording, 'orderer0', last, (block) => {
      block.data = [];
    });
    expect(judge(noneLost, recording).evidence).toMatchObject([
      { block: last, sources: ['orderer0'] },
    ]);
  });

  it('does not count a refused duplicate in a deviating copy as holding the transaction', () => {
    const recording = busyRecording();
    const last = (recording.chain.get('peer0.org2')?.length ?? 0) - 1;
    editBlock(recording, 'peer0.org2', last, (block) => {
      block.dataHash = Buffer.alloc(32, 7);
      block.metadata[2] = Buffer.from([9]);
    });
    expect(judge(noneLost, recording).evidence).toMatchObject([{ sources: ['peer0.org2'] }]);
  });

  it('rejects a transaction in two places, but not twins of one block that were refused alike', () => {
    const ledger = opened();
    transfers(ledger, 4);
    const { height } = ledger;
    const twin = ledger.endorse('transfer', ['a1', 'a2', '3']);
    ledger.order(twin);
    ledger.order(twin, 'nothing');
    ledger.forcedCodes.set(`${height}:0`, 10).set(`${height}:1`, 10);
    ledger.cut();
    rewriteOutcome(ledger, twin.operation);
    expect(judge(noneLost, ledger.recording()).verdict).toBe('valid');

    const other = opened();
    transfers(other, 4);
    const again = other.submit('transfer', ['a1', 'a2', '3']);
    other.cut();
    other.order(again, 'nothing');
    other.forcedCodes.set(`${other.height}:0`, 0);
    other.cut();
    expect(judge(noneLost, other.recording()).evidence).toEqual([
      {
        transactionId: again.id,
        operation: again.operation,
        block: other.height - 2,
        message: `transaction stands in 2 places: blocks ${other.height - 2}, ${other.height - 1}`,
      },
    ]);
  });

  it.each([
    ['for different reasons', 0, [10, 16]],
    ['in different blocks', 1, [10, 10]],
  ])('rejects twins that were refused %s', (_case, cuts, codes) => {
    const ledger = opened();
    transfers(ledger, 4);
    const { height } = ledger;
    const twin = ledger.endorse('transfer', ['a1', 'a2', '3']);
    ledger.forcedCodes.set(`${height}:0`, codes[0] as number);
    ledger.forcedCodes.set(cuts === 1 ? `${height + 1}:0` : `${height}:1`, codes[1] as number);
    ledger.order(twin);
    if (cuts === 1) ledger.cut();
    ledger.order(twin, 'nothing');
    ledger.cut();
    expect(judge(noneLost, ledger.recording()).verdict).toBe('invalid');
  });

  it('is unknown when few were acknowledged', () => {
    const ledger = opened();
    transfers(ledger, 2);
    const recording = ledger.recording();
    const result = judge(noneLost, recording);
    expect(result.verdict).toBe('unknown');
    expect(result.reason).toBe('saw 9 answered of the load, needs at least 10');
    recording.scenario = { ...recording.scenario, floors: { operations: 9 } };
    expect(judge(noneLost, recording).verdict).toBe('valid');
    // A further channel of the scenario has a floor of its own.
    const { scenario } = recording;
    const [[name, facts] = []] = Object.entries(scenario.channels);
    if (!name || !facts) throw new Error('no channel');
    const channels = { [name]: { ...facts, leastOperations: 1 } };
    recording.scenario = { ...scenario, channels, floors: { operations: 20 } };
    expect(judge(noneLost, recording).verdict).toBe('valid');
  });

  it('counts what was found in the ledger where the client of the load tells nothing', () => {
    const ledger = opened();
    transfers(ledger, 4);
    const recording = ledger.recording();
    const told = new Set<number>();
    rewrite(recording, (record) => {
      if (record.type === 'invoke' && record.function === 'transfer') {
        told.add(record.operation);
        return { ...record, intent: 'found' };
      }
      if (record.type !== 'complete' || !told.has(record.operation)) return record;
      return { type: 'complete', operation: record.operation, outcome: 'unknown', at: record.at };
    });
    const found = judge(noneLost, recording);
    expect(found.verdict).toBe('valid');
    expect(found.counts['found in the ledger']).toBe(12);
    recording.scenario = { ...recording.scenario, floors: { operations: 13 } };
    expect(judge(noneLost, recording).reason).toBe('saw 12 found in the ledger, needs at least 13');
  });
});

function rewriteOutcome(ledger: LedgerBuilder, operation: number): void {
  for (const [index, record] of ledger.history.entries()) {
    if (record.type === 'complete' && record.operation === operation) {
      ledger.history[index] = { ...record, outcome: 'fail' };
    }
  }
}

describe('F2 nothing from nowhere', () => {
  it('accepts submitted, set-up and config transactions', () => {
    const recording = busyRecording();
    expect(judge(noneForged, recording)).toMatchObject({
      verdict: 'valid',
      counts: { config: 2, submitted: 32, violations: 0 },
    });
  });

  it('rejects a transaction that no client submitted', () => {
    const ledger = opened();
    const stranger = ledger.submit('transfer', ['a1', 'a2', '3'], { silent: true });
    ledger.cut();
    const recording = ledger.recording();
    const result = judge(noneForged, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 3,
        transactionId: stranger.id,
        sources: SOURCES,
        message: 'transaction 0 of block 3 was submitted by no client',
      },
    ]);
  });

  it('accepts it when it is declared as set-up, or lies before the scenario', () => {
    const ledger = opened();
    const known = ledger.submit('transfer', ['a1', 'a2', '3'], { silent: true });
    ledger.cut();
    transfers(ledger, 1);
    const recording = ledger.recording();
    const facts = recording.scenario.channels.mychannel;
    if (!facts) throw new Error('no facts');
    recording.scenario = {
      ...recording.scenario,
      channels: { mychannel: { ...facts, setupTransactions: [known.id] } },
    };
    expect(judge(noneForged, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'set-up': 2 },
    });
    recording.scenario = {
      ...recording.scenario,
      channels: { mychannel: { ...facts, startHeight: 4 } },
    };
    expect(judge(noneForged, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'set-up': 5, submitted: 3 },
    });
    recording.scenario = {
      ...recording.scenario,
      channels: { mychannel: { ...facts, startHeight: 3 } },
    };
    expect(judge(noneForged, recording).verdict).toBe('invalid');
  });

  it('rejects a transaction that only one copy has', () => {
    const ledger = opened();
    transfers(ledger, 1);
    const twin = opened();
    const stranger = twin.submit('transfer', ['a9', 'a8', '1'], { id: 'stranger' });
    twin.cut();
    const recording = ledger.recording();
    const forged = twin.recording().chain.get('peer1.org2')?.[3] as Buffer;
    recording.chain.get('peer1.org2')?.splice(3, 1, forged);
    expect(judge(noneForged, recording).evidence).toEqual([
      {
        block: 3,
        transactionId: stranger.id,
        sources: ['peer1.org2'],
        message: 'transaction 0 of block 3 was submitted by no client',
      },
    ]);
  });

  it('is unknown when the chain holds nothing of the run', () => {
    const ledger = new LedgerBuilder();
    expect(judge(noneForged, ledger.recording())).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 submitted, needs at least 1',
    });
  });
});

describe('F3 nothing committed twice', () => {
  it('rejects an id that is VALID twice', () => {
    const { ledger, once } = doubled(0);
    const result = judge(noneTwice, ledger.recording());
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        transactionId: once.id,
        block: 4,
        message: 'transaction is VALID in block 3 (position 0) and again in block 4 (position 1)',
      },
    ]);
  });

  it('accepts it when the second is refused as a duplicate', () => {
    const { ledger } = doubled(9);
    expect(judge(noneTwice, ledger.recording())).toMatchObject({
      verdict: 'valid',
      counts: { transactions: 6, 'ordered more than once': 1 },
    });
  });

  it('finds the second VALID behind a refused one', () => {
    const { ledger, once } = doubled(9);
    ledger.order(once, 'nothing');
    ledger.forcedCodes.set(`${ledger.height}:0`, 0);
    ledger.cut();
    expect(judge(noneTwice, ledger.recording()).evidence).toMatchObject([{ block: 5 }]);
  });

  it('is unknown for a chain without transactions', () => {
    expect(judge(noneTwice, new LedgerBuilder('mychannel', false).recording())).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 transactions, needs at least 1',
    });
  });
});

describe('F17 clients were told the truth', () => {
  const told = (change: Record<string, unknown>, call = 'transfer a3 a4 7') => {
    const recording = busyRecording();
    const operation = operationOf(recording, call);
    rewrite(recording, (record) =>
      record.type === 'complete' && record.operation === operation
        ? { ...record, ...change }
        : record,
    );
    const block = recording.history.find(
      (record) => record.type === 'complete' && record.operation === operation,
    );
    return { recording, operation, block };
  };

  it('accepts what the chain confirms', () => {
    expect(judge(notifiedTruly, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { 'told valid': 27, 'told refused': 3, 'told failed': 1, violations: 0 },
    });
  });

  it.each([
    [{ outcome: 'ok', code: 'VALID' }, 'transfer a3 a5 7', 'VALID', 'MVCC_READ_CONFLICT'],
    [
      { outcome: 'fail', code: 'MVCC_READ_CONFLICT' },
      'transfer a3 a4 7',
      'that it failed with MVCC_READ_CONFLICT',
      'VALID',
    ],
    [
      { outcome: 'fail', code: 'PHANTOM_READ_CONFLICT' },
      'transfer a3 a5 7',
      'PHANTOM_READ_CONFLICT',
      'MVCC_READ_CONFLICT',
    ],
    [
      { outcome: 'fail', code: undefined, stage: 'broadcast' },
      'transfer a3 a4 7',
      'that it failed (broadcast)',
      'VALID',
    ],
    [
      { outcome: 'fail', code: undefined, stage: undefined },
      'transfer a3 a4 7',
      'that it failed (no stage)',
      'VALID',
    ],
  ] as const)('rejects %j for %s', (change, call, wording, code) => {
    const { recording, operation } = told(change, call);
    const result = judge(notifiedTruly, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        operation,
        transactionId: idOf(recording, operation),
        block: 9,
        message: `client was told ${wording}, the chain has it ${code} in block 9`,
      },
    ]);
  });

  it('rejects a wrong block number', () => {
    const { recording } = told({ block: 4 });
    expect(judge(notifiedTruly, recording).evidence).toMatchObject([
      { message: 'client was told VALID in block 4, the chain has it VALID in block 9' },
    ]);
  });

  it('takes ok without a code as VALID, and does without a block number', () => {
    const { recording } = told({ code: undefined, block: undefined });
    expect(judge(notifiedTruly, recording).verdict).toBe('valid');
    const forged = told({ outcome: 'ok', code: undefined }, 'transfer a3 a5 7');
    expect(judge(notifiedTruly, forged.recording).verdict).toBe('invalid');
  });

  it('rejects VALID for a transaction that is in no block', () => {
    const recording = busyRecording();
    const operation = operationOf(recording, 'transfer a8 a1 3');
    rewrite(recording, (record) =>
      record.type === 'complete' && record.operation === operation
        ? { ...record, outcome: 'ok', code: 'VALID' }
        : record,
    );
    expect(judge(notifiedTruly, recording).evidence).toEqual([
      {
        operation,
        transactionId: idOf(recording, operation),
        message: 'client was told VALID, the chain has it in no block',
      },
    ]);
  });

  const tellDuplicate = (recording: TestRecording, operation: number) =>
    rewrite(recording, (record) => {
      if (record.type !== 'complete' || record.operation !== operation) return record;
      const { block: _, ...rest } = record;
      return { ...rest, outcome: 'unknown', stage: 'commit', code: 'DUPLICATE_TXID' };
    });

  it('accepts a client that was told of the second copy while the first is VALID', () => {
    const { ledger, once } = doubled(9);
    const recording = ledger.recording();
    tellDuplicate(recording, once.operation);
    expect(judge(notifiedTruly, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'told of a duplicate': 1 },
    });
  });

  it('rejects a client that was told of a second copy that nobody has', () => {
    const recording = busyRecording();
    const operation = operationOf(recording, 'transfer a3 a4 7');
    tellDuplicate(recording, operation);
    expect(judge(notifiedTruly, recording)).toMatchObject({
      verdict: 'invalid',
      evidence: [{ operation, message: expect.stringContaining('no second copy') }],
    });
  });

  it('is unknown when no client was told VALID', () => {
    const recording = opened().recording();
    rewrite(recording, (record) =>
      record.type === 'complete' ? { ...record, outcome: 'unknown' } : record,
    );
    expect(judge(notifiedTruly, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 told valid, needs at least 1',
    });
  });
});

describe('R1 every operation settled', () => {
  it('settles unknown operations by the chain', () => {
    expect(judge(allSettled, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: {
        ok: 27,
        fail: 4,
        unknown: 2,
        'unknown, committed': 1,
        'unknown, absent': 1,
        violations: 0,
      },
    });
  });

  it('settles an operation that never came back, and one that was refused in secret', () => {
    const ledger = opened();
    ledger.endorse('transfer', ['a1', 'a2', '3']);
    const secret = ledger.endorse('transfer', ['a1', 'a2', '3']);
    ledger.order(secret, { outcome: 'unknown' });
    ledger.forcedCodes.set(`${ledger.height}:0`, 10);
    ledger.cut();
    expect(judge(allSettled, ledger.recording())).toMatchObject({
      verdict: 'valid',
      counts: { 'never came back': 1, 'unknown, absent': 1, 'unknown, refused': 1 },
    });
  });

  it('is unknown when a copy is missing or shorter, for absence then proves nothing', () => {
    const recording = busyRecording();
    truncate(recording, 'orderer0', 5);
    expect(judge(allSettled, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'the copies of the chain are not complete, so absence proves nothing',
    });
    recording.chain.delete('orderer0');
    expect(judge(allSettled, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'no blocks from orderer0',
    });
    recording.chain.set('orderer0', []);
    expect(judge(allSettled, recording).reason).toBe('no blocks from orderer0');
  });

  it('is unknown when all copies have the same hole', () => {
    const recording = busyRecording();
    for (const blocks of recording.chain.values()) blocks.splice(4, 1);
    expect(judge(allSettled, recording).reason).toBe(
      'the copies of the chain are not complete, so absence proves nothing',
    );
  });

  it('is unknown when the history is unfit', () => {
    const recording = busyRecording();
    recording.history.push({ type: 'complete', operation: 999, outcome: 'ok', at: 1 });
    expect(judge(allSettled, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'the history is unfit: operation 999 completed without having been invoked',
    });
  });
});
