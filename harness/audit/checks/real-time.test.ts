import { judge, rewrite } from '../testing/forge.ts';
import type { Endorsed, EndorseOptions, LedgerBuilder } from '../testing/ledger-builder.ts';
import { PEERS } from '../testing/ledger-builder.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { realTimeOrder } from './real-time.ts';

/**
 * A transfer that was endorsed on what block 3 replaced. The history says that it was proposed `late` ms after that
 * block: a peer that had announced it answered from older state.
 */
function stale(
  options: EndorseOptions & {
    readonly late?: number;
    readonly name?: string;
    readonly args?: string[];
  } = {},
): { ledger: LedgerBuilder; old: Endorsed; recording: ReturnType<LedgerBuilder['recording']> } {
  const { late = 10, name = 'transfer', args = ['a0', 'a1', '1'], ...rest } = options;
  const ledger = opened();
  const old = ledger.endorse(name, args, rest);
  ledger.submit('transfer', ['a0', 'a2', '1']);
  ledger.cut();
  const proposed = ledger.now + late;
  ledger.now += 100;
  ledger.order(old);
  ledger.cut();
  const recording = ledger.recording();
  rewrite(recording, (record) =>
    record.type === 'invoke' && record.operation === old.operation
      ? { ...record, at: proposed }
      : record,
  );
  return { ledger, old, recording };
}

describe('F15 real-time order', () => {
  it('accepts a run with conflicts between transactions that were under way together', () => {
    expect(judge(realTimeOrder, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { 'reads compared': 56, 'stale reads': 1, violations: 0 },
    });
  });

  it('rejects a read that was already replaced when the transaction was proposed', () => {
    const { recording, old } = stale();
    const result = judge(realTimeOrder, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 4,
        transactionId: old.id,
        operation: old.operation,
        key: 'account:a0',
        sources: ['peer0.org1'],
        message:
          'peer0.org1 had announced block 3 before the proposal, but account:a0 was read as it was before block 3',
      },
    ]);
  });

  it('accepts it when the proposal came before the announcement', () => {
    expect(judge(realTimeOrder, stale({ late: -40 }).recording).verdict).toBe('valid');
  });

  it('accepts it when only other peers had announced the block', () => {
    const { recording } = stale();
    for (const peer of ['peer0.org1', 'peer0.org2']) {
      recording.streams.set(peer, (recording.streams.get(peer) ?? []).slice(0, 3));
    }
    expect(judge(realTimeOrder, recording).verdict).toBe('valid');
  });

  it('holds the endorser that had announced most against the read', () => {
    const { recording } = stale();
    recording.streams.set('peer0.org1', (recording.streams.get('peer0.org1') ?? []).slice(0, 3));
    expect(judge(realTimeOrder, recording).evidence).toMatchObject([{ sources: ['peer0.org2'] }]);
  });

  it('does not blame a peer that was asked and did not endorse, or endorsed and was not asked', () => {
    const { recording, old } = stale();
    for (const peers of [['peer1.org1'], []]) {
      rewrite(recording, (record) =>
        record.type === 'invoke' && record.operation === old.operation
          ? { ...record, peers }
          : record,
      );
      expect(judge(realTimeOrder, recording).verdict).toBe('valid');
    }
  });

  it('does not take a peer for another whose name begins alike', () => {
    const { recording, old } = stale();
    recording.streams.set('peer0.org', recording.streams.get('peer0.org1') ?? []);
    rewrite(recording, (record) =>
      record.type === 'invoke' && record.operation === old.operation
        ? { ...record, peers: ['peer0.org'] }
        : record,
    );
    expect(judge(realTimeOrder, recording).verdict).toBe('valid');
  });

  it('rejects a transaction in a block that was announced before the proposal', () => {
    const ledger = opened();
    const { id, operation } = ledger.submit('transfer', ['a0', 'a1', '1']);
    ledger.cut();
    const recording = ledger.recording();
    rewrite(recording, (record) =>
      record.type === 'invoke' && record.operation === operation
        ? { ...record, at: ledger.now + 50 }
        : record,
    );
    expect(judge(realTimeOrder, recording).evidence[0]).toEqual({
      block: 3,
      transactionId: id,
      operation,
      key: 'account:a0',
      sources: ['peer0.org1'],
      message:
        'block 3 holds a transaction that was proposed after peer0.org1 had announced block 3',
    });
  });

  it('rejects a version that never was', () => {
    const { recording } = stale({
      late: -40,
      tamper: ({ reads }) => {
        reads.set('account:a0', { block: 1, transaction: 7 });
      },
    });
    expect(judge(realTimeOrder, recording).evidence).toMatchObject([
      {
        message: 'account:a0 was read at version 1:7, which it never had',
      },
    ]);
  });

  describe('a key that was read as absent', () => {
    const absent = (prepare: (ledger: LedgerBuilder) => void, late: number) => {
      const ledger = opened();
      prepare(ledger);
      const old = ledger.endorse('transfer', ['a0', 'a1', '1'], {
        tamper: ({ reads }) => {
          reads.clear();
          reads.set('account:new', null);
        },
      });
      ledger.submit('open', ['new', 'cid', '1']);
      ledger.cut();
      const proposed = ledger.now + late;
      ledger.now += 100;
      ledger.order(old);
      ledger.cut();
      const recording = ledger.recording();
      rewrite(recording, (record) =>
        record.type === 'invoke' && record.operation === old.operation
          ? { ...record, at: proposed }
          : record,
      );
      return judge(realTimeOrder, recording);
    };

    it('is rejected after the announcement that created it, and accepted before', () => {
      expect(absent(() => {}, 10).evidence).toMatchObject([
        { key: 'account:new', message: expect.stringMatching(/as it was before block 3$/) },
      ]);
      expect(absent(() => {}, -40).verdict).toBe('valid');
    });

    it('is judged by its last absence', () => {
      const createAndDelete = (ledger: LedgerBuilder): void => {
        ledger.submit('open', ['new', 'cid', '1']);
        ledger.cut();
        ledger.submit('transfer', ['a3', 'a4', '1'], {
          tamper: ({ writes }) => {
            writes.set('account:new', null);
          },
        });
        ledger.cut();
      };
      expect(absent(createAndDelete, -40).verdict).toBe('valid');
      expect(absent(createAndDelete, 10).evidence).toMatchObject([
        { message: expect.stringMatching(/as it was before block 5$/) },
      ]);
    });

    it('is accepted while it is absent', () => {
      const ledger = opened();
      ledger.submit('open', ['new', 'cid', '1']);
      ledger.cut();
      expect(judge(realTimeOrder, ledger.recording()).verdict).toBe('valid');
    });
  });

  it('is unknown without event streams, and without a read to compare', () => {
    const recording = busyRecording();
    for (const peer of PEERS) recording.streams.delete(peer);
    expect(judge(realTimeOrder, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'no event streams, so no peer is known to have announced anything',
    });
    const silent = opened();
    silent.submit('transfer', ['a0', 'a1', '1'], { silent: true });
    silent.cut();
    const bare = silent.recording();
    rewrite(bare, (record) => (record.type === 'invoke' ? null : record));
    expect(judge(realTimeOrder, bare)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 reads compared, needs at least 1',
    });
  });
});
