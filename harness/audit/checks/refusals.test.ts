import type { Completion } from '../../workload/history.ts';
import { judge, rewrite } from '../testing/forge.ts';
import { opened, transfers } from '../testing/scene.ts';
import { refusalsRight } from './refusals.ts';

/** A call that was refused after some transfers. */
function refused(name: string, args: readonly string[], told: Partial<Completion> = {}) {
  const ledger = opened();
  transfers(ledger, 2);
  ledger.now += 5_000;
  const at = ledger.now;
  const operation = 1_000;
  ledger.history.push({
    type: 'invoke',
    operation,
    client: 'org1-x',
    msp: 'Org1MSP',
    channel: 'mychannel',
    chaincode: 'bank',
    kind: 'submit',
    function: name,
    args,
    transactionId: 'ab'.repeat(32),
    peers: ['peer0.org1'],
    at,
  });
  ledger.complete(operation, {
    outcome: 'fail',
    refused: true,
    stage: 'endorse',
    error: 'insufficient funds',
    ...told,
  });
  ledger.now += 5_000;
  transfers(ledger, 2);
  const recording = ledger.recording();
  return { operation, recording, result: judge(refusalsRight, recording) };
}

const answer = (heightBefore: number, heightAfter: number, message = 'no') => ({
  responses: [
    { peer: 'peer0.org1', round: 1, heightBefore, heightAfter, status: 500, message },
    { peer: 'peer0.org2', round: 1, status: 200 },
    { peer: 'peer1.org2', round: 1, message: 'no answer' },
  ],
});

describe('F30 refusals right', () => {
  it.each<[string, readonly string[]]>([
    ['transfer', ['a1', 'a2', '10000']],
    ['transfer', ['a1', 'nobody', '1']],
    ['transfer', ['a1', 'a1', '1']],
    ['transfer', ['a1', 'a2', '0']],
    ['transfer', ['a1', 'a2']],
    ['transfer', ['a1', '*', '1']],
    ['transfer', ['a1', 'a2', '01']],
    ['move', ['x', 'y', '101']],
    ['move', ['x', 'z', '1']],
    ['move', ['x', 'account:a1', '1']],
    ['move', ['x', 'y', '9007199254740992']],
    ['open', ['bob', 'bob', '1']],
    ['open', ['new', '!', '1']],
    ['open', ['new', 'bob', '-1']],
    ['open', ['', 'bob', '1']],
    ['openMany', ['a', '2', 'ann', '1']],
    ['openMany', ['n', '501', 'ann', '1']],
    ['openMany', ['n', '2', '', '1']],
    ['openMany', ['n', '2', 'ann', '']],
    ['openMany', ['*', '2', 'ann', '1']],
    ['init', ['x', '1', 'q', '1']],
    ['init', ['q', '1', 'y', '1']],
    ['init', ['q', '1', 'q', '1']],
    ['init', ['q', 'a', 'r', '1']],
    ['init', ['_q', '1', 'r', '1']],
    ['delete', ['q']],
    ['delete', ['_']],
    ['query', ['q']],
    ['balance', ['nobody']],
    ['account', ['*']],
    ['history', ['nobody']],
    ['accountsByOwner', ['!']],
    ['read', []],
    ['read', ['a1', '*']],
    ['read', ['a1', 'nobody']],
    ['total', ['x']],
    ['conjure', []],
  ])('accepts the refusal of %s(%j)', (name, args) => {
    expect(refused(name, args, answer(5, 5)).result).toMatchObject({
      verdict: 'valid',
      counts: { refusals: 1, right: 1 },
    });
  });

  it.each<[string, readonly string[]]>([
    ['transfer', ['a1', 'a2', '3']],
    ['transfer', ['bob', 'a1', '50']],
    ['move', ['x', 'y', '100']],
    ['open', ['new', 'bob', '0']],
    ['openMany', ['n', '500', 'ann', '1']],
    ['openMany', ['b', '1', 'ann', '9007199254740991']],
    ['init', ['q', '0', 'r', '1']],
    ['delete', ['x']],
    ['query', ['x']],
    ['balance', ['a1']],
    ['account', ['bob']],
    ['history', ['bob']],
    ['accountsByOwner', ['nobody']],
    ['read', ['a1', 'bob']],
    ['total', []],
  ])('rejects the refusal of %s(%j)', (name, args) => {
    const { operation, result } = refused(name, args, answer(5, 5, 'insufficient funds'));
    expect(result).toMatchObject({ verdict: 'invalid', counts: { refusals: 1, violations: 1 } });
    expect(result.evidence).toEqual([
      {
        operation,
        sources: ['peer0.org1'],
        block: 5,
        message: `${name}(${args.join(', ')}) was refused on peer0.org1 ("insufficient funds"), by the chain it had to be done at every height from 5 to 7`,
      },
    ]);
  });

  it('rejects the refusal of a balance that would become too large, only where it would not', () => {
    const rich = (amount: string) => {
      const { recording } = refused('transfer', ['a1', 'rich', amount], answer(3, 3));
      return recording;
    };
    expect(judge(refusalsRight, rich('1')).verdict).toBe('valid');
  });

  it('goes by the heights at which the call was simulated', () => {
    // a5 has 101 at height 4 only; a6 has 102 from then on.
    const { result } = refused('transfer', ['a5', 'a6', '101'], answer(3, 3));
    expect(result).toMatchObject({ verdict: 'valid', counts: { undecidable: 1 } });
    expect(refused('transfer', ['a6', 'a7', '102'], answer(4, 4)).result.verdict).toBe('invalid');
    expect(refused('transfer', ['a6', 'a7', '102'], answer(1, 1)).result.verdict).toBe('valid');
  });

  it('goes by samples of heights where the client does not tell any', () => {
    expect(refused('transfer', ['a1', 'a2', '3']).result).toMatchObject({
      verdict: 'invalid',
      evidence: [{ block: 5, message: expect.stringContaining('every height from 5 to 6') }],
    });
    expect(refused('transfer', ['a1', 'a2', '10000']).result.counts.right).toBe(1);
    const { recording } = refused('transfer', ['nobody', 'a2', '3']);
    rewrite(recording, (record) => (record.type === 'height' ? null : record));
    expect(judge(refusalsRight, recording).verdict).toBe('valid');
  });

  it('judges only what the chaincode itself refused', () => {
    const { result } = refused('transfer', ['a1', 'a2', '3'], { refused: false });
    expect(result).toMatchObject({ verdict: 'valid', counts: { refusals: 0 } });
  });

  it('does not apply to other chaincodes', () => {
    const { recording } = refused('transfer', ['a1', 'a2', '3']);
    recording.scenario = { ...recording.scenario, workload: 'other' };
    expect(judge(refusalsRight, recording)).toMatchObject({
      applicable: false,
      reason: 'only refusals of the bank chaincode can be recomputed',
    });
  });
});
