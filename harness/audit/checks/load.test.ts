import type { Completion, HistoryRecord, Invocation } from '../../workload/history.ts';
import { indexHistory } from '../../workload/history-index.ts';
import { LedgerBuilder } from '../testing/ledger-builder.ts';
import { busyRecording } from '../testing/scene.ts';
import { loadAsIntended } from './load.ts';

let number = 0;
const operation = (
  asked: Partial<Invocation>,
  told: Partial<Completion> | null = { outcome: 'ok' },
): HistoryRecord[] => {
  number += 1;
  const invoke: Invocation = {
    ...{ type: 'invoke', operation: number, client: `c${number}`, msp: 'Org1MSP', at: 1 },
    ...{ channel: 'x', chaincode: 'mine', kind: 'submit', function: 'create', args: ['r0'] },
    ...{ transactionId: `t${number}`, peers: [], ...asked },
  };
  if (told === null) return [invoke];
  return [invoke, { type: 'complete', operation: number, outcome: 'fail', at: 2, ...told }];
};
const many = (count: number, ...rest: Parameters<typeof operation>) =>
  Array.from({ length: count }, () => operation(...rest)).flat();
const run = (operations = 10, ...records: readonly HistoryRecord[][]) => {
  const paper = new LedgerBuilder().recording();
  paper.scenario = { ...paper.scenario, floors: { operations } };
  return loadAsIntended.run(paper, indexHistory(records.flat()));
};
const refusal = { outcome: 'fail', refused: true, error: 'r0 exists' } as const;

describe('L1 the load was what it was meant to be', () => {
  it('accepts refusals that were announced, and those that may or may not come', () => {
    const announced = operation({ refusal: 'expected' }, refusal);
    const possible = operation({ refusal: 'possible' }, refusal);
    const gone = operation({ refusal: 'possible' });
    const result = run(10, many(10, {}), announced, possible, gone, operation({}, null));
    expect(result).toMatchObject({
      verdict: 'valid',
      counts: { ok: 11, 'refused as intended': 2, unknown: 1, 'operations of the load': 13 },
    });
    expect(loadAsIntended.run(busyRecording(), indexHistory(busyRecording().history)).verdict).toBe(
      'valid',
    );
  });

  it('rejects a refusal that nothing announced', () => {
    const result = run(10, many(10, {}), operation({ operation: 99, transactionId: 'x' }, null), [
      { ...refusal, type: 'complete', operation: 99, at: 3 },
    ]);
    expect(result).toMatchObject({
      verdict: 'invalid',
      counts: { 'refused unexpectedly': 1 },
      evidence: [
        {
          operation: 99,
          transactionId: 'x',
          message:
            'operation 99, create r0, was refused, and nothing had announced that: r0 exists',
        },
      ],
    });
  });

  it('rejects an overdraft that went through, but not one that the network failed', () => {
    const overdraft = { intent: 'overdraft', refusal: 'expected' } as const;
    expect(run(1, operation(overdraft)).evidence[0]?.message).toMatch(
      /should have been refused, and went through$/,
    );
    expect(run(1, operation(overdraft, { outcome: 'fail' })).verdict).toBe('valid');
    expect(run(1, operation(overdraft, { outcome: 'unknown' })).verdict).toBe('valid');
  });

  it('does not know of a load that hardly ran, whatever set-up, probes and reads did', () => {
    const others = [
      ...many(20, { intent: 'set-up' }),
      ...many(20, { intent: 'probe' }),
      ...many(20, { kind: 'evaluate' }),
    ];
    expect(run(10, many(9, {}), many(5, {}, null), others)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 9 operations of the load, needs at least 10',
    });
    expect(run(10, many(10, {}), others).verdict).toBe('valid');
  });

  it('takes no offence at what set-up and probes are refused', () => {
    expect(run(10, many(10, {}), operation({ intent: 'probe' }, refusal)).verdict).toBe('valid');
  });
});
