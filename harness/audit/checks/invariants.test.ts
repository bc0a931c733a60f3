import { audit } from '../audit.ts';
import {
  type AnyInvariant,
  conserved,
  neverNegative,
  savedInvariant,
  verified,
} from '../invariant.ts';
import { LedgerBuilder } from '../testing/ledger-builder.ts';
import { opened, transfers } from '../testing/scene.ts';
import { invariantChecks } from './invariants.ts';

const CREATE = { except: ['open', 'openMany', 'init', 'delete'] };

/** A paper ledger of the bank with one more transfer, as it is or bent. */
function ledger(tamper?: (balance: number) => number): LedgerBuilder {
  const paper = opened();
  transfers(paper, 3);
  paper.submit('transfer', ['a1', 'a2', '5'], {
    ...(tamper && {
      tamper: ({ writes }) => {
        const [key, value] = [...writes][0] ?? [];
        if (!key || !value) throw new Error('expected a write');
        const account = JSON.parse(value) as { balance: number };
        writes.set(key, JSON.stringify({ ...account, balance: tamper(account.balance) }));
      },
    }),
  });
  paper.cut();
  return paper;
}

function run(paper: LedgerBuilder, ...invariants: readonly AnyInvariant[]) {
  const recording = paper.recording();
  recording.scenario = { ...recording.scenario, invariants: invariants.map(savedInvariant) };
  return audit(recording, invariantChecks(recording.scenario)).checks;
}

describe('invariants of the author', () => {
  it('hold on a sound ledger, and name the transaction where they do not', () => {
    const money = conserved('balance', CREATE);
    expect(run(ledger(), money)).toMatchObject([
      { id: 'A1', name: 'conserved(balance)', verdict: 'valid', counts: { violations: 0 } },
    ]);
    const [forged] = run(
      ledger((balance) => balance + 5),
      money,
    );
    expect(forged).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          block: expect.any(Number),
          transactionId: expect.any(String),
          message: expect.stringMatching(
            /^transfer a1 a2 5 in block \d+: changed the sum of balance by 5$/,
          ),
        },
      ],
    });
  });

  it('are checks of their own, each with its number', () => {
    const checks = run(
      ledger(() => -1),
      neverNegative('balance'),
      conserved('balance', CREATE),
    );
    expect(checks.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['A1', 'invalid'],
      ['A2', 'invalid'],
    ]);
    expect(checks[0]?.evidence[0]?.message).toMatch(/left balance of account:a\d at -1$/);
  });

  it('see the whole state at every height', () => {
    const few: AnyInvariant = {
      ...{ name: 'few accounts', guarantee: 'There are few accounts.' },
      height: (state, number) => {
        const accounts = [...state.entries()].filter(([key]) => key.startsWith('account:')).length;
        return accounts > 10 && state.get('account:bob') ? `${accounts} at ${number}` : undefined;
      },
    };
    const [check] = run(ledger(), few);
    expect(check?.verdict).toBe('invalid');
    expect(check?.evidence[0]?.message).toMatch(/^at block \d+: 11 at \d+$/);
  });

  it('see what each client was told, and whether the chain has it', () => {
    const promised: AnyInvariant = {
      ...{ name: 'no five', guarantee: 'Nobody moves five.' },
      operation: ({ args, committed, outcome }) =>
        committed && outcome === 'ok' && args[2] === '5' ? 'moved five' : undefined,
    };
    const [check] = run(ledger(), promised);
    expect(check?.evidence).toMatchObject([
      {
        operation: expect.any(Number),
        transactionId: expect.any(String),
        message: expect.stringMatching(/^operation \d+, transfer a1 a2 5: moved five$/),
      },
    ]);
  });

  describe('of what is read', () => {
    const balances = verified(({ function: called, args: [id], result, chaincode }, state) => {
      if (called !== 'balance') return undefined;
      const account = JSON.parse(state.get(`account:${id}`) ?? '{}');
      return chaincode === 'bank' && String(account.balance) === result
        ? undefined
        : { key: `account:${id}`, message: `answered ${result}, it has ${account.balance}` };
    });

    it('hold when the chain gives the answer at one height of the peer', () => {
      const paper = opened();
      const before = paper.read('balance', ['a1']);
      const height = paper.height;
      paper.submit('transfer', ['a1', 'a2', '5']);
      paper.cut();
      paper.evaluate('balance', ['a1'], { result: before, heights: [height, paper.height] });
      paper.evaluate('balance', ['a1']);
      expect(run(paper, balances)).toMatchObject([
        { name: 'verify', verdict: 'valid', counts: { reads: 2, violations: 0 } },
      ]);
    });

    it('name the read, its peer and the key when no height gives it', () => {
      const paper = opened();
      const before = paper.read('balance', ['a1']);
      paper.submit('transfer', ['a1', 'a2', '5']);
      paper.cut();
      const operation = paper.evaluate('balance', ['a1'], { result: before });
      const [check] = run(paper, balances);
      expect(check).toMatchObject({ verdict: 'invalid', counts: { reads: 1, violations: 1 } });
      expect(check?.evidence).toEqual([
        {
          operation,
          sources: ['peer0.org1'],
          key: 'account:a1',
          message: `operation ${operation}, balance a1 on peer0.org1: answered ${before}, it has ${Number(before) - 5}`,
        },
      ]);
    });

    it('are open where nothing was read, and where the chain never had the height', () => {
      expect(run(opened(), balances)).toMatchObject([
        { verdict: 'unknown', reason: 'saw 0 reads, needs at least 1' },
      ]);
      const paper = opened();
      paper.evaluate('balance', ['a1'], { heights: [90, 91] });
      expect(run(paper, balances)).toMatchObject([
        {
          verdict: 'unknown',
          reason:
            'balance a1 on peer0.org1: was read at heights 90 to 91, the chain has none of them',
        },
      ]);
    });

    it('need not be on a further channel of the scenario', () => {
      const recording = opened().recording();
      const [[name, facts] = []] = Object.entries(recording.scenario.channels);
      if (!name || !facts) throw new Error('expected a channel');
      recording.scenario = {
        ...recording.scenario,
        channels: { [name]: { ...facts, leastOperations: 1 } },
        invariants: [savedInvariant(balances)],
      };
      const [check] = audit(recording, invariantChecks(recording.scenario)).checks;
      expect(check).toMatchObject({ applicable: false, reason: 'nothing was read here' });
    });
  });

  it('are open when they throw, and say what they may use', () => {
    const outside = 100;
    const [check] = run(ledger(), {
      ...{ name: 'with a closure', guarantee: 'It cannot be.' },
      transaction: ({ block }) => (block > outside ? 'late' : undefined),
    });
    expect(check).toMatchObject({
      verdict: 'unknown',
      reason:
        'invariant with a closure threw: outside is not defined (it may use its arguments and parameters, and no variable from outside)',
    });
  });

  it('are open where nothing changed', () => {
    expect(run(new LedgerBuilder(), conserved('balance'))[0]).toMatchObject({ verdict: 'unknown' });
  });
});
