import { judge } from '../testing/forge.ts';
import type { EndorseOptions } from '../testing/ledger-builder.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { amountsExact, moneyConserved } from './money.ts';

const account = (id: string, balance: number, owner = 'ann'): string =>
  JSON.stringify({ docType: 'account', id, owner, balance });

/** A ledger whose last block is one call that the endorsers answered wrongly. */
const tampered = (name: string, args: string[], writes: Record<string, string | null>) => {
  const ledger = opened();
  const tamper: EndorseOptions['tamper'] = (simulation) => {
    for (const [key, value] of Object.entries(writes)) {
      if (value === 'untouched') simulation.writes.delete(key);
      else simulation.writes.set(key, value);
    }
  };
  const { id } = ledger.submit(name, args, { tamper });
  ledger.cut();
  return { ledger, recording: ledger.recording(), id };
};

describe('F12 money conserved', () => {
  it('accepts opening, moving and deleting', () => {
    const result = judge(moneyConserved, busyRecording());
    expect(result).toMatchObject({
      verdict: 'valid',
      counts: { heights: 17, 'changes of balance': 62, total: 1150, violations: 0 },
    });
    expect(result.applicable).toBeUndefined();
  });

  it('passes over what other chaincodes call an account', () => {
    const ledger = opened();
    ledger.submit('transfer', ['a1', 'a2', '3'], {
      tamper: (simulation) => {
        simulation.foreign = new Map([['vault', new Map([['account:a1', account('a1', 9)]])]]);
      },
    });
    ledger.cut();
    for (const check of [moneyConserved, amountsExact]) {
      expect(judge(check, ledger.recording()).verdict).toBe('valid');
    }
  });

  it('rejects a transfer that skips the debit', () => {
    const { recording, id } = tampered('transfer', ['a1', 'a2', '3'], {
      'account:a1': 'untouched',
    });
    const result = judge(moneyConserved, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 3,
        transactionId: id,
        key: 'account:a2',
        message:
          'transfer in block 3 changed the sum of all balances by 3, expected 0: the sum was 1350, is 1353',
      },
    ]);
  });

  it('rejects a negative balance even where the sum is right', () => {
    const { recording, id } = tampered('transfer', ['a1', 'a2', '3'], {
      'account:a1': account('a1', -1),
      'account:a2': account('a2', 201),
    });
    expect(judge(moneyConserved, recording).evidence).toEqual([
      {
        block: 3,
        transactionId: id,
        key: 'account:a1',
        message: 'balance of account:a1 is -1 after block 3',
      },
    ]);
    const empty = tampered('transfer', ['a1', 'a2', '3'], {
      'account:a1': account('a1', 0),
      'account:a2': account('a2', 200),
    });
    expect(judge(moneyConserved, empty.recording).verdict).toBe('valid');
  });

  it.each([
    ['open', ['new', 'cid', '5'], { 'account:new': account('new', 6) }, 6, 5],
    ['openMany', ['n', '2', 'cid', '5'], { 'account:n1': 'untouched' }, 5, 10],
    ['init', ['p', '3', 'q', '4'], { q: '5' }, 8, 7],
    ['delete', ['x'], { x: '1' }, -99, -100],
    ['open', ['new', 'cid', '5'], { 'account:a1': account('a1', 107) }, 12, 5],
    ['transfer', ['a1', 'a2', '3'], { 'account:a3': null }, -100, 0],
  ] as const)('rejects %s %j that left %j', (name, args, writes, delta, expected) => {
    const { recording } = tampered(name, [...args], writes);
    expect(judge(moneyConserved, recording).evidence).toMatchObject([
      {
        message: `${name} in block 3 changed the sum of all balances by ${delta}, expected ${expected}: the sum was 1350, is ${1350 + delta}`,
      },
    ]);
  });

  it.each([
    ['open', ['new', 'cid', '5'], {}],
    ['openMany', ['n', '2', 'cid', '5'], {}],
    ['init', ['p', '3', 'q', '4'], {}],
    ['delete', ['x'], {}],
  ] as const)('accepts %s as it should be', (name, args, writes) => {
    expect(judge(moneyConserved, tampered(name, [...args], writes).recording).verdict).toBe(
      'valid',
    );
  });

  it.each([
    ['open', ['new', 'cid', 'five']],
    ['openMany', ['n', 'two', 'cid', '5']],
    ['openMany', ['n', '2', 'cid', 'five']],
    ['init', ['p', 'three', 'q', '4']],
    ['init', ['p', '3', 'q', 'four']],
  ])('expects nothing from %s %j, whose arguments are no amounts', (name, args) => {
    const ledger = opened();
    const tamper: EndorseOptions['tamper'] = ({ writes }) => {
      writes.clear();
      writes.set('account:new', account('new', 5));
    };
    ledger.submit(name, args, { tamper });
    ledger.cut();
    expect(judge(moneyConserved, ledger.recording()).evidence).toMatchObject([
      { message: expect.stringContaining('by 5, expected 0') },
    ]);
  });

  it.each([
    ['text', 'account:a1', 'rubbish'],
    ['no JSON object', 'account:a1', '7'],
    ['null', 'account:a1', 'null'],
    ['another account', 'account:a1', account('a2', 97)],
    ['half a unit', 'account:a1', account('a1', 97.5)],
    [
      'another kind of document',
      'account:a1',
      '{"docType":"loan","id":"a1","owner":"ann","balance":97}',
    ],
    ['nobody as owner', 'account:a1', '{"docType":"account","id":"a1","balance":97}'],
    ['an entity that is no number', 'x', 'NaN'],
    ['an entity with a fraction', 'x', '1.5'],
    ['an entity with a tail', 'x', '15 '],
  ])('rejects %s where a balance belongs, once', (_case, key, value) => {
    const { ledger, id } = tampered('transfer', ['a1', 'a2', '3'], { [key]: value });
    const result = judge(moneyConserved, ledger.recording());
    expect(result.counts.violations).toBe(1);
    expect(result.evidence).toEqual([
      {
        block: 3,
        transactionId: id,
        key,
        message: `transaction 0 of block 3 left something in ${key} that is no balance`,
      },
    ]);
  });

  it('does not count what was no balance before', () => {
    const { ledger } = tampered('transfer', ['a1', 'a2', '3'], { x: 'NaN' });
    ledger.submit('transfer', ['a3', 'a4', '1'], {
      tamper: ({ writes }) => {
        writes.set('x', '1');
      },
    });
    ledger.cut();
    expect(judge(moneyConserved, ledger.recording()).evidence).toMatchObject([
      { key: 'x' },
      { message: expect.stringContaining('by 1, expected 0') },
    ]);
  });

  it('has nothing to say of another chaincode, whatever that does to its values', () => {
    const { recording } = tampered('transfer', ['a1', 'a2', '3'], { 'account:a1': 'untouched' });
    recording.scenario = { ...recording.scenario, workload: 'other' };
    expect(judge(moneyConserved, recording)).toMatchObject({
      verdict: 'unknown',
      applicable: false,
      counts: { violations: 0 },
    });
  });

  it('does not apply to another chaincode, and is unknown without any balance', () => {
    const recording = busyRecording();
    recording.scenario = { ...recording.scenario, workload: 'other' };
    expect(judge(moneyConserved, recording)).toMatchObject({
      verdict: 'unknown',
      applicable: false,
      reason: 'the chaincode under test is not the bank',
    });
    recording.scenario = { ...recording.scenario, workload: 'bank', chaincode: 'elsewhere' };
    expect(judge(moneyConserved, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 changes of balance, needs at least 1',
    });
  });
});

describe('F13 each transfer moved its amount once', () => {
  it('accepts transfers and moves that did what they were asked', () => {
    expect(judge(amountsExact, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { transfers: 23, refused: 4, violations: 0 },
    });
  });

  it.each([
    ['skips the debit', { 'account:a1': 'untouched' }, 'account:a2 by 3'],
    [
      'moves less',
      { 'account:a1': account('a1', 98), 'account:a2': account('a2', 102) },
      'account:a1 by -2, account:a2 by 2',
    ],
    [
      'moves the other way',
      { 'account:a1': account('a1', 103), 'account:a2': account('a2', 97) },
      'account:a1 by 3, account:a2 by -3',
    ],
    [
      'touches a third account',
      { 'account:a3': account('a3', 100) },
      'account:a1 by -3, account:a2 by 3, account:a3 by 0',
    ],
    [
      'pays somebody else',
      { 'account:a2': 'untouched', 'account:a3': account('a3', 103) },
      'account:a1 by -3, account:a3 by 3',
    ],
    ['does nothing', { 'account:a1': 'untouched', 'account:a2': 'untouched' }, 'nothing'],
    [
      'destroys a balance',
      { 'account:a2': 'rubbish' },
      'account:a1 by -3, account:a2 by undefined',
    ],
  ])('rejects a transfer that %s', (_case, writes, changed) => {
    const { recording, id } = tampered('transfer', ['a1', 'a2', '3'], writes);
    const result = judge(amountsExact, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 3,
        transactionId: id,
        key: 'account:a1',
        message: `transfer a1 a2 3 in block 3 changed ${changed}`,
      },
    ]);
  });

  it('rejects a move that moved another amount, or to itself, or one that is no amount', () => {
    const less = tampered('move', ['x', 'y', '10'], { x: '91', y: '209' });
    expect(judge(amountsExact, less.recording).evidence).toMatchObject([
      { key: 'x', message: 'move x y 10 in block 3 changed x by -9, y by 9' },
    ]);
    const self = tampered('move', ['x', 'x', '10'], { y: '210' });
    expect(judge(amountsExact, self.recording).verdict).toBe('invalid');
    const backwards = tampered('transfer', ['a1', 'a2', '-1'], {});
    expect(judge(amountsExact, backwards.recording).verdict).toBe('invalid');
    const before = tampered('transfer', ['a1', 'a2', '3'], { 'account:a1': 'rubbish' });
    before.ledger.submit('transfer', ['a3', 'a4', '3'], {
      tamper: ({ writes }) => {
        writes.set('account:a1', account('a1', 97));
      },
    });
    before.ledger.cut();
    expect(judge(amountsExact, before.ledger.recording()).evidence).toHaveLength(2);
  });

  it('does not apply to another chaincode, and is unknown without a transfer', () => {
    const recording = opened().recording();
    expect(judge(amountsExact, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 transfers, needs at least 1',
    });
    recording.scenario = { ...recording.scenario, workload: 'other' };
    expect(judge(amountsExact, recording)).toMatchObject({
      applicable: false,
      reason: 'the chaincode under test is not the bank',
    });
    const elsewhere = busyRecording();
    elsewhere.scenario = { ...elsewhere.scenario, chaincode: 'elsewhere' };
    expect(judge(amountsExact, elsewhere).counts.transfers).toBe(0);
  });
});
