import { judge, rewrite } from '../testing/forge.ts';
import type { LedgerBuilder } from '../testing/ledger-builder.ts';
import { busyRecording, opened, transfers } from '../testing/scene.ts';
import { readsReal } from './reads.ts';

const read = (
  name: string,
  args: readonly string[],
  options: Parameters<LedgerBuilder['evaluate']>[2],
  ledger = opened(),
) => {
  const operation = ledger.evaluate(name, args, options);
  return { ledger, operation, result: judge(readsReal, ledger.recording()) };
};

describe('F14 reads match a height', () => {
  it('accepts true answers of every read function', () => {
    expect(judge(readsReal, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { reads: 6, violations: 0 },
    });
  });

  it.each([
    ['balance', ['a1'], '99', '100'],
    [
      'account',
      ['bob'],
      '{"balance":50,"docType":"account","id":"bob","owner":"eve"}',
      '{"balance":50,"docType":"account","id":"bob","owner":"bob"}',
    ],
    ['query', ['x'], '101', '100'],
    ['query', ['x'], '1e2', '100'],
    ['balance', ['a1'], '100.0', '100'],
    ['total', [], '1049', '1050'],
    ['read', ['a1', 'bob'], '{"a1":100,"bob":49}', '{"a1":100,"bob":50}'],
    [
      'accountsByOwner',
      ['bob'],
      '[]',
      '[{"balance":50,"docType":"account","id":"bob","owner":"bob"}]',
    ],
    ['balance', ['nobody'], '0', 'a refusal'],
    ['read', ['a1', 'nobody'], '{"a1":100}', 'a refusal'],
    ['account', ['nobody'], '{}', 'a refusal'],
    ['query', ['z'], '1', 'a refusal'],
    ['history', ['nobody'], '[]', 'a refusal'],
    ['accountsByOwner', ['nobody'], '[1]', '[]'],
    ['account', ['bob'], 'rubbish', '{"balance":50,"docType":"account","id":"bob","owner":"bob"}'],
  ])('rejects %s(%j) = %s', (name, args, result, truth) => {
    const forged = read(name, args, { result, peer: 'peer1.org2' });
    expect(forged.result.verdict).toBe('invalid');
    expect(forged.result.evidence).toEqual([
      {
        operation: forged.operation,
        sources: ['peer1.org2'],
        block: 3,
        message: `${name}(${args.join(', ')}) on peer1.org2 returned ${result}, the chain gives ${truth} at height 3 and nothing equal up to 3`,
      },
    ]);
  });

  it('reads owners in any script, and no accounts of other chaincodes', () => {
    const ledger = opened();
    ledger.submit('open', ['uz', 'Ünal', '7']);
    ledger.submit('transfer', ['a1', 'a2', '3'], {
      tamper: (simulation) => {
        const other = '{"docType":"account","id":"v1","owner":"ann","balance":5}';
        simulation.foreign = new Map([['vault', new Map([['account:v1', other]])]]);
      },
    });
    ledger.cut();
    ledger.evaluate('account', ['uz']);
    ledger.evaluate('total', []);
    const { result } = read('accountsByOwner', ['ann'], {}, ledger);
    expect(result).toMatchObject({ verdict: 'valid', counts: { reads: 3 } });
    expect(result.counts).not.toHaveProperty('refused reads');
  });

  it('leaves reads of a chaincode that is not the bank to its author', () => {
    const ledger = opened();
    ledger.evaluate('read', ['a1'], { result: 'Org1', peer: 'peer1.org2' });
    const recording = ledger.recording();
    expect(judge(readsReal, recording).verdict).toBe('invalid');
    const other = { ...recording, scenario: { ...recording.scenario, workload: 'other' as const } };
    expect(judge(readsReal, other).evidence).toEqual([]);
  });

  it('judges a refused read by whether the chain has what was asked for', () => {
    const refused = (args: readonly string[], heights: readonly [number, number] = [3, 3]) => {
      const ledger = opened();
      const operation = ledger.evaluate('balance', args, { result: '', heights });
      const recording = ledger.recording();
      rewrite(recording, (record) => {
        if (record.type !== 'complete' || record.operation !== operation) return record;
        const { result: _, ...rest } = record;
        return { ...rest, outcome: 'fail', refused: true };
      });
      return judge(readsReal, recording);
    };
    expect(refused(['nobody'])).toMatchObject({ verdict: 'valid', counts: { 'refused reads': 1 } });
    expect(refused(['a1'], [2, 3]).verdict).toBe('valid');
    expect(refused(['a1'])).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          message:
            'balance(a1) on peer0.org1 was refused, the chain gives 100 at height 3 and nothing equal up to 3',
        },
      ],
    });
  });

  it('compares JSON by meaning', () => {
    const result = '{"owner":"bob", "balance":50,"id":"bob","docType":"account"}';
    expect(read('account', ['bob'], { result }).result.verdict).toBe('valid');
    const both = '[{"owner":"bob","balance":50,"id":"bob","docType":"account"}]';
    expect(read('accountsByOwner', ['bob'], { result: both }).result.verdict).toBe('valid');
  });

  it('lists accounts of an owner by id, those opened later too', () => {
    const ledger = opened();
    ledger.submit('open', ['a-early', 'ann', '1']);
    ledger.cut();
    expect(read('accountsByOwner', ['ann'], {}, ledger).result.verdict).toBe('valid');
  });

  it('knows the history of an account', () => {
    const ledger = opened();
    const opening = ledger.history.find(
      (record) => record.type === 'invoke' && record.function === 'open',
    );
    const first = opening?.type === 'invoke' ? opening.transactionId : '';
    const { id: second } = ledger.submit('transfer', ['bob', 'a1', '7']);
    ledger.cut();
    const changes = [
      { txId: first, balance: 50 },
      { txId: second, balance: 43 },
    ];
    const withTimes = changes.map((change) => ({ ...change, timestamp: 'then', isDelete: false }));
    const { result } = read('history', ['bob'], { result: JSON.stringify(withTimes) }, ledger);
    expect(result.verdict).toBe('valid');
    const forged = read('history', ['bob'], { result: JSON.stringify(changes.slice(1)) }, ledger);
    expect(forged.result.verdict).toBe('invalid');
    const noList = read('history', ['bob'], { result: '{}' }, ledger);
    expect(noList.result.verdict).toBe('invalid');
  });

  it.each([
    [[3, 3], '100', 'valid'],
    [[3, 4], '100', 'valid'],
    [[3, 4], '99', 'valid'],
    [[4, 4], '99', 'valid'],
    [[4, 4], '100', 'invalid'],
    [[3, 3], '99', 'invalid'],
    [[2, 2], '100', 'invalid'],
  ] as const)('with heights %j takes %s for %s', (heights, result, verdict) => {
    const ledger = opened();
    ledger.submit('transfer', ['a1', 'a2', '1']);
    ledger.cut();
    expect(read('balance', ['a1'], { heights, result }, ledger).result.verdict).toBe(verdict);
  });

  it('gives the value at the first height of the window as what was expected', () => {
    const ledger = opened();
    ledger.submit('transfer', ['a1', 'a2', '1']);
    ledger.cut();
    const forged = read('balance', ['a1'], { heights: [3, 4], result: '7' }, ledger);
    expect(forged.result.evidence).toMatchObject([
      {
        message:
          'balance(a1) on peer0.org1 returned 7, the chain gives 100 at height 3 and nothing equal up to 4',
      },
    ]);
  });

  it('judges reads in the order of their windows, not of the file', () => {
    const ledger = opened();
    transfers(ledger, 3);
    ledger.evaluate('total', [], { heights: [6, 6] });
    ledger.evaluate('total', [], { heights: [3, 3], peer: 'peer1.org1' });
    ledger.evaluate('total', [], { heights: [5, 5], peer: 'peer0.org2' });
    expect(judge(readsReal, ledger.recording())).toMatchObject({
      verdict: 'valid',
      counts: { reads: 3 },
    });
  });

  describe('a peer that goes back in time', () => {
    const twoReads = (peers: readonly [string, string], overlapping = false) => {
      const ledger = opened();
      ledger.submit('transfer', ['a1', 'a2', '1']);
      ledger.cut();
      ledger.evaluate('balance', ['a1'], { heights: [3, 4], result: '99', peer: peers[0] });
      const second = ledger.evaluate('balance', ['a1'], {
        heights: [3, 4],
        result: '100',
        peer: peers[1],
      });
      const recording = ledger.recording();
      if (overlapping) {
        rewrite(recording, (record) =>
          record.type === 'invoke' && record.operation === second ? { ...record, at: 1 } : record,
        );
      }
      return { second, result: judge(readsReal, recording) };
    };

    it('is rejected', () => {
      const { second, result } = twoReads(['peer0.org1', 'peer0.org1']);
      expect(result.verdict).toBe('invalid');
      expect(result.evidence).toEqual([
        {
          operation: second,
          sources: ['peer0.org1'],
          block: 3,
          message: 'peer0.org1 answered from height 3 after it had answered from height 4',
        },
      ]);
    });

    it('is accepted on two peers, or when the reads overlapped', () => {
      expect(twoReads(['peer0.org1', 'peer0.org2']).result.verdict).toBe('valid');
      expect(twoReads(['peer0.org1', 'peer0.org1'], true).result.verdict).toBe('valid');
    });
  });

  it('passes over reads that failed, have no result or no heights, and submits', () => {
    const ledger = opened();
    ledger.evaluate('balance', ['a1'], { result: '7' });
    const recording = ledger.recording();
    const changes = [
      { outcome: 'fail' },
      { result: undefined },
      { heightBefore: undefined },
      { heightAfter: undefined },
    ] as const;
    for (const change of changes) {
      const changed = { ...recording, history: [...recording.history] };
      rewrite(changed, (record) =>
        record.type === 'complete' && record.result !== undefined
          ? ({ ...record, ...change } as typeof record)
          : record,
      );
      expect(judge(readsReal, changed)).toMatchObject({
        verdict: 'unknown',
        reason: 'saw 0 reads, needs at least 1',
      });
    }
    rewrite(recording, (record) =>
      record.type === 'complete' && record.result !== undefined ? null : record,
    );
    expect(judge(readsReal, recording).verdict).toBe('unknown');
  });

  it('rejects an answer of a function that the bank does not have, or from beyond the chain', () => {
    const { ledger, result } = read('balance', ['a1'], {});
    expect(result.verdict).toBe('valid');
    const operation = ledger.evaluate('weather', [], { result: 'rain' });
    const recording = ledger.recording();
    expect(judge(readsReal, recording)).toMatchObject({
      verdict: 'invalid',
      counts: { reads: 1, 'reads of unknown functions': 1 },
      evidence: [
        {
          operation,
          message:
            'weather() on peer0.org1: it was answered, and the chaincode has no such function',
        },
      ],
    });
    rewrite(recording, (record) => {
      if (record.type !== 'complete' || record.operation !== operation) return record;
      const { result: _, ...rest } = record;
      return { ...rest, outcome: 'fail', refused: true };
    });
    expect(judge(readsReal, recording).verdict).toBe('valid');
    const beyond = read('balance', ['a1'], { heights: [3, 9] });
    expect(beyond.result.evidence[0]?.message).toBe(
      'balance(a1) on peer0.org1: it was read at up to height 9, the chain has 3',
    );
    const unsettled = beyond.ledger.recording();
    unsettled.history.push({ type: 'mark', label: 'not quiescent', at: 9_000 });
    expect(judge(readsReal, unsettled).verdict).toBe('valid');
  });

  it('does not apply to another chaincode; without reads it is unknown unless none are due', () => {
    const recording = opened().recording();
    expect(judge(readsReal, recording).verdict).toBe('unknown');
    recording.scenario = { ...recording.scenario, floors: { reads: 0 } };
    expect(judge(readsReal, recording).verdict).toBe('valid');
    recording.scenario = { ...recording.scenario, workload: 'other' };
    expect(judge(readsReal, recording)).toMatchObject({
      applicable: false,
      reason: 'only reads of the bank chaincode can be recomputed',
    });
  });
});
