import type { Completion, Invocation } from '../../workload/history.ts';
import { judge, rewrite } from '../testing/forge.ts';
import { opened, transfers } from '../testing/scene.ts';
import { refusalsRight } from './refusals.ts';

/** A call that was refused after some transfers. */
function refused(
  name: string,
  args: readonly string[],
  told: Partial<Completion> = {},
  asked: Partial<Invocation> = {},
) {
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
    ...asked,
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

  it('goes by the heights at which the call was simulated', () => {
    // a5 has 101 at height 4 only; a6 has 102 from then on.
    const { result } = refused('transfer', ['a5', 'a6', '101'], answer(3, 3));
    expect(result).toMatchObject({ verdict: 'valid', counts: { undecidable: 1 } });
    expect(refused('transfer', ['a6', 'a7', '102'], answer(4, 4)).result.verdict).toBe('invalid');
    expect(refused('transfer', ['a6', 'a7', '102'], answer(1, 1)).result.verdict).toBe('valid');
  });

  it('judges the refusal of each peer, and of no other than those that refused', () => {
    const peer = (name: string, more: object) => ({
      ...{ peer: name, round: 1, heightBefore: 5, heightAfter: 5, message: 'no' },
      ...more,
    });
    const { result } = refused('transfer', ['a1', 'a2', '3'], {
      responses: [
        peer('peer0.org1', { status: 400 }),
        peer('peer0.org2', { status: 399 }),
        peer('peer1.org1', { message: 'no answer' }),
        peer('peer1.org2', { status: 500, message: undefined }),
      ],
    });
    expect(result.counts).toEqual({ refusals: 2, violations: 2 });
    expect(result.evidence.map(({ message }) => message.slice(0, 57))).toEqual([
      'transfer(a1, a2, 3) was refused on peer0.org1 ("no"), by ',
      'transfer(a1, a2, 3) was refused on peer1.org2 (""), by th',
    ]);
  });

  it.each<[string, object]>([
    ['before', { heightAfter: 5 }],
    ['after', { heightBefore: 1 }],
  ])('leaves open what a peer refused whose height %s is not known', (_, heights) => {
    const told = { peer: 'peer0.org1', round: 1, status: 500, ...heights };
    const { result } = refused('transfer', ['a1', 'a2', '3'], { responses: [told] });
    expect(result).toMatchObject({ verdict: 'valid', counts: { undecidable: 1 } });
    const never = refused('transfer', ['a1', 'a1', '3'], { responses: [told] });
    expect(never.result.counts).toEqual({ refusals: 1, right: 1, violations: 0 });
  });

  const BEGIN = 1_000;
  const END = 2_000;
  const BOTH = ['peer0.org1', 'peer0.org2'];
  const bySamples = (
    peers: readonly string[],
    samples: readonly [string, number, number][],
    intent = 'load',
  ) => {
    const { recording } = refused(
      ...(['transfer', ['a1', 'a2', '3'], { at: END }, { at: BEGIN, peers, intent }] as const),
    );
    rewrite(recording, (record) => (record.type === 'height' ? null : record));
    recording.history.push(
      ...samples.map(([source, height, at]) => ({
        ...{ type: 'height' as const, channel: 'mychannel', source, height, at },
      })),
    );
    return judge(refusalsRight, recording);
  };
  const AROUND: readonly [string, number, number][] = [
    ['peer0.org1', 3, 900],
    ['peer0.org1', 4, BEGIN],
    ['peer0.org2', 3, 990],
    ['orderer0', 1, 990],
    ['peer0.org2', 4, 1_001],
    ['peer0.org1', 7, 1_999],
    ['peer0.org1', 5, END],
    ['peer0.org2', 6, 2_100],
    ['peer0.org2', 7, 2_200],
    ['orderer0', 7, 2_200],
  ];

  it.each<[readonly string[], string]>([
    [
      BOTH,
      'on peer0.org1 or peer0.org2 ("insufficient funds"), by the chain it had to be done at every height from 3 to 6',
    ],
    [
      ['peer0.org1'],
      'on peer0.org1 ("insufficient funds"), by the chain it had to be done at every height from 4 to 5',
    ],
  ])('goes by samples of heights of %j where the client does not tell any', (peers, words) => {
    const { evidence } = bySamples(peers, AROUND);
    expect(evidence).toEqual([
      expect.objectContaining({ message: `transfer(a1, a2, 3) was refused ${words}` }),
    ]);
  });

  it('goes to the end of the chain where no sample came after', () => {
    const { evidence } = bySamples(BOTH, AROUND.slice(0, -3));
    expect(evidence[0]?.message).toMatch(/every height from 3 to 7$/);
  });

  it.each<[string, readonly string[], readonly [string, number, number][]]>([
    ['no sample came before', BOTH, AROUND.slice(3)],
    ['no peer was sampled', BOTH, []],
    ['nobody was sampled', [], []],
  ])('leaves open where %s', (_, peers, samples) => {
    expect(bySamples(peers, samples)).toMatchObject({
      verdict: 'valid',
      counts: { refusals: 1, undecidable: 1 },
    });
  });

  it('takes a client that does not tell whom it asked to have asked any', () => {
    const samples = AROUND.filter(([source]) => source !== 'orderer0');
    const { evidence } = bySamples([], [...samples, ['orderer0', 4, 990], ['orderer0', 4, 2_500]]);
    expect(evidence[0]?.message).toBe(
      'transfer(a1, a2, 3) was refused on a peer ("insufficient funds"), by the chain it had to be done at every height from 3 to 6',
    );
  });

  it('leaves open what a program told of, which had asked before', () => {
    expect(bySamples(BOTH, AROUND).verdict).toBe('invalid');
    expect(bySamples(BOTH, AROUND, 'program')).toMatchObject({
      verdict: 'valid',
      counts: { refusals: 1, undecidable: 1 },
    });
  });

  it('tells of a refusal without words', () => {
    const told = { error: undefined } as unknown as Partial<Completion>;
    const { result } = refused('transfer', ['a1', 'a2', '3'], told);
    expect(result.evidence[0]?.message).toContain('was refused on peer0.org1 (""), by');
  });

  it('judges only what the chaincode itself refused, and those of it that were to be ordered', () => {
    const none = { verdict: 'valid', counts: { refusals: 0, violations: 0 } };
    const sound = ['transfer', ['a1', 'a2', '3']] as const;
    expect(refused(...sound, { refused: false }).result).toMatchObject(none);
    expect(refused(...sound, { refused: false, ...answer(5, 5) }).result).toMatchObject(none);
    expect(refused(...sound, answer(5, 5), { kind: 'evaluate' }).result).toMatchObject(none);
    expect(refused(...sound, answer(5, 5), { chaincode: 'other' }).result).toMatchObject(none);
    const { recording, operation } = refused(...sound);
    rewrite(recording, (record) =>
      record.type === 'complete' && record.operation === operation ? null : record,
    );
    expect(judge(refusalsRight, recording)).toMatchObject(none);
  });

  it('does not apply to other chaincodes', () => {
    const { recording } = refused('transfer', ['a1', 'a2', '3']);
    recording.scenario = { ...recording.scenario, workload: 'other' };
    expect(judge(refusalsRight, recording)).toMatchObject({
      applicable: false,
      reason: 'only refusals of the bank chaincode can be recomputed',
      counts: { refusals: 0, violations: 0 },
    });
  });
});
