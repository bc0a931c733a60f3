import type { ProposalAnswer } from '../../workload/history.ts';
import { judge, rewrite } from '../testing/forge.ts';
import { opened, transfers } from '../testing/scene.ts';
import { endorsersAgree } from './endorsers.ts';

const answer = (peer: string, more: Partial<ProposalAnswer> = {}): ProposalAnswer => ({
  peer,
  round: 1,
  heightBefore: 3,
  heightAfter: 3,
  status: 200,
  result: 'aa'.repeat(32),
  reads: 'r1',
  ...more,
});

/** A transfer whose client tells what its endorsers answered. */
function answered(...responses: readonly ProposalAnswer[]) {
  const ledger = opened();
  const { id, operation } = ledger.submit('transfer', ['a1', 'a2', '3']);
  ledger.cut();
  const recording = ledger.recording();
  rewrite(recording, (record) => {
    if (record.type !== 'complete') return record;
    const { responses: _, ...rest } = record;
    return record.operation === operation ? { ...rest, responses } : rest;
  });
  return { id, operation, recording, result: judge(endorsersAgree, recording) };
}

const OTHER = 'bb'.repeat(32);

describe('F29 chaincode deterministic', () => {
  it('accepts equal answers, whatever the rounds', () => {
    const { result } = answered(
      answer('peer0.org1'),
      answer('peer0.org2'),
      answer('peer1.org2', { round: 2 }),
    );
    expect(result).toMatchObject({ verdict: 'valid' });
    expect(result.counts).toEqual({ 'proposals compared': 1, violations: 0 });
  });

  it('rejects different results of the same reads, with both', () => {
    const { id, operation, result } = answered(
      answer('peer0.org1'),
      answer('peer0.org2', { result: OTHER, heightAfter: 4 }),
    );
    expect(result).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          operation,
          transactionId: id,
          sources: ['peer0.org1', 'peer0.org2'],
          message:
            'bank.transfer(a1, a2, 3) gave result aaaaaaaaaaaaaaaa… on peer0.org1 and result bbbbbbbbbbbbbbbb… on peer0.org2, from the same state: the chaincode is not deterministic',
        },
      ],
    });
  });

  it('counts as lag what was simulated at different heights', () => {
    const { result } = answered(
      answer('peer0.org1'),
      answer('peer0.org2', { result: OTHER, reads: 'r2', heightBefore: 2, heightAfter: 2 }),
    );
    expect(result).toMatchObject({
      verdict: 'valid',
      counts: { 'proposals that differed at different heights': 1 },
    });
  });

  it('rejects a refusal beside a result at the same height, if no block was on its way', () => {
    const refusal = answer('peer0.org2', { status: 500, message: 'no' });
    const { result: _, reads: __, ...bare } = refusal;
    const { recording, operation } = answered(answer('peer0.org1'), bare);
    // The block that the transfer is in came right after: the refusing peer may have had it.
    expect(judge(endorsersAgree, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'proposals that differed at different heights': 1 },
    });
    for (const events of recording.streams.values()) {
      const last = events.at(-1);
      if (last) events[events.length - 1] = { ...last, at: last.at + 10_000 };
    }
    expect(judge(endorsersAgree, recording)).toMatchObject({
      verdict: 'invalid',
      evidence: [{ operation, message: expect.stringContaining('and refusal "no" on peer0.org2') }],
    });
    for (const events of recording.streams.values()) events.pop();
    expect(judge(endorsersAgree, recording).verdict).toBe('invalid');
  });

  it.each<[string, Partial<ProposalAnswer>, Partial<ProposalAnswer>]>([
    ['a height', {}, {}],
    ['a height after', { heightBefore: 9 }, { heightBefore: 9 }],
    ['a height before', { heightAfter: 9 }, { heightAfter: 9 }],
    ['one height', { heightBefore: 9, heightAfter: 10 }, { heightBefore: 9, heightAfter: 10 }],
    ['the height of one', { heightBefore: 9, heightAfter: 9 }, {}],
    ['equal heights', { heightBefore: 9, heightAfter: 9 }, { heightBefore: 10, heightAfter: 10 }],
    ['equal reads', { reads: 'r1' }, { reads: 'r2' }],
  ])('does not take for equal states what is without %s', (_, one, other) => {
    const bare = { round: 1, status: 200 };
    const { result } = answered(
      { ...bare, peer: 'peer0.org1', result: 'one', ...one },
      { ...bare, peer: 'peer0.org2', result: 'other', ...other },
    );
    expect(result.counts).toEqual({
      'proposals compared': 1,
      'proposals that differed at different heights': 1,
      violations: 0,
    });
  });

  it('goes by the time at which each of the two told of its next block', () => {
    const late = (...peers: readonly string[]) => {
      const { recording, operation } = answered(
        answer('peer1.org1', { reads: 'r1' }),
        answer('peer1.org2', { reads: 'r2', result: OTHER }),
      );
      const end = recording.history.find(
        (record) => record.type === 'complete' && record.operation === operation,
      );
      if (end?.type !== 'complete') throw new Error('no end');
      for (const [peer, events] of recording.streams) {
        const last = events.at(-1);
        const at = end.at + (peers.includes(peer) ? 251 : 250);
        if (last) events[events.length - 1] = { ...last, at };
      }
      return judge(endorsersAgree, recording).verdict;
    };
    expect(late('peer1.org1', 'peer1.org2')).toBe('invalid');
    expect(late('peer1.org1', 'peer0.org1', 'peer0.org2')).toBe('valid');
    expect(late('peer1.org2', 'peer0.org1', 'peer0.org2')).toBe('valid');
  });

  it('takes all refusals for the same, and finds the two among several that differ', () => {
    const refusal = (peer: string, message?: string) =>
      answer(peer, { status: 500, result: peer, ...(message !== undefined && { message }) });
    const same = answered(refusal('peer0.org1', 'no'), refusal('peer0.org2', 'never'));
    expect(same.result.counts).toEqual({ 'proposals compared': 1, violations: 0 });
    const one = answered(
      answer('peer0.org1'),
      answer('peer1.org1', { result: OTHER, reads: 'r2', heightBefore: 2, heightAfter: 2 }),
      refusal('peer0.org2'),
    );
    expect(one.result.evidence).toEqual([
      expect.objectContaining({
        sources: ['peer0.org1', 'peer0.org2'],
        message: expect.stringContaining('on peer0.org1 and refusal "500" on peer0.org2, from'),
      }),
    ]);
    const alike = { result: 'same' };
    const half = answered(
      answer('peer0.org1', alike),
      answer('peer0.org2', { ...alike, status: 500 }),
    );
    expect(half.result.verdict).toBe('invalid');
    const first = answered(refusal('peer0.org1', 'no'), answer('peer0.org2'));
    expect(first.result.evidence[0]?.message).toContain('gave refusal "no" on peer0.org1 and');
  });

  it('tells of an operation that has no transaction', () => {
    const { recording, operation } = answered(
      answer('peer0.org1'),
      answer('peer0.org2', { result: OTHER }),
    );
    rewrite(recording, (record) => {
      if (record.type !== 'invoke' || record.operation !== operation) return record;
      const { transactionId: _, ...rest } = record;
      return rest;
    });
    expect(Object.keys(judge(endorsersAgree, recording).evidence[0] ?? {})).toEqual([
      'operation',
      'sources',
      'message',
    ]);
  });

  it('cannot compare one peer with itself, nor with one that did not answer', () => {
    const { status: _, result: __, reads: ___, ...silent } = answer('peer0.org2');
    const { result } = answered(answer('peer0.org1'), silent);
    expect(result).toMatchObject({
      applicable: false,
      reason: 'no client told what several peers answered',
    });
    const twice = answered(answer('peer0.org1'), answer('peer0.org1', { result: OTHER, round: 2 }));
    expect(twice.result.applicable).toBe(false);
  });

  it('takes a peer that could not run the chaincode for no answer of the chaincode', () => {
    const away = (message: string) =>
      answered(
        answer('peer0.org1'),
        answer('peer0.org2', { status: 500, message, result: undefined } as object),
      ).result;
    const failed = 'error in simulation: failed to execute transaction 1f: could not launch';
    expect(away(failed)).toMatchObject({ applicable: false });
    expect(away(`as it was: ${failed}`).verdict).toBe('invalid');
  });

  it('does not apply where no client tells', () => {
    const ledger = opened();
    transfers(ledger, 2);
    ledger.endorse('transfer', ['a1', 'a2', '3']);
    const recording = ledger.recording();
    expect(judge(endorsersAgree, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'proposals compared': 9 },
    });
    rewrite(recording, (record) => {
      if (record.type !== 'complete') return record;
      const { responses: _, ...rest } = record;
      return rest;
    });
    expect(judge(endorsersAgree, recording).applicable).toBe(false);
  });
});
