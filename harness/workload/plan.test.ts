import type { PlannedOperation } from './operation.ts';
import { planSteps, type Step } from './plan.ts';
import { accountId, overdraftAmount, type TransferProfile, transfers } from './profile.ts';

const profile = transfers({
  clients: 4,
  accounts: 44,
  amount: { least: 1, most: 9 },
  contention: 0.4,
  overdrafts: 0.1,
  doubleSpends: 0.1,
  reads: { share: 0.2, peers: ['peer0.org1', 'peer1.org2'] },
  moves: 0.1,
  steps: 2_000,
});
const plan = (seed: number, index: number, of: TransferProfile = profile): Step[] => [
  ...planSteps(of, seed, index),
];
const operations = (steps: readonly Step[]): PlannedOperation[] =>
  steps.flatMap((step) => step.operations);
const share = (steps: readonly Step[], intent: string) =>
  operations(steps).filter((operation) => operation.intent === intent).length / steps.length;

describe('plan', () => {
  it('is the same for the same seed and client, and another for others', () => {
    expect(plan(1, 0)).toEqual(plan(1, 0));
    expect(plan(1, 0)).not.toEqual(plan(2, 0));
    expect(operations(plan(1, 0)).map(({ intent }) => intent)).not.toEqual(
      operations(plan(1, 2)).map(({ intent }) => intent),
    );
  });

  it('keeps the shares', () => {
    const steps = plan(1, 0);
    expect(steps).toHaveLength(2_000);
    const expected = {
      'double-spend': 0.1,
      read: 0.18,
      overdraft: 0.09,
      move: 0.09,
      contended: 0.216,
      transfer: 0.324,
    };
    for (const [intent, wanted] of Object.entries(expected)) {
      expect(Math.abs(share(steps, intent) - wanted)).toBeLessThan(0.03);
    }
  });

  it('uses each account outside the hot ones by one client only', () => {
    const hot = new Set([0, 1, 2, 3].map((index) => accountId(profile, index)));
    const users = new Map<string, Set<number>>();
    for (const client of [0, 1, 2, 3]) {
      for (const { intent, args } of operations(plan(5, client))) {
        const [from = '', to = ''] = args;
        if (intent === 'contended') expect(hot.has(from) && hot.has(to)).toBe(true);
        if (intent !== 'transfer' && intent !== 'overdraft') continue;
        expect(from).not.toBe(to);
        for (const id of [from, to]) users.set(id, (users.get(id) ?? new Set()).add(client));
      }
    }
    expect(users.size).toBe(40);
    for (const [id, clients] of users) expect([hot.has(id), clients.size]).toEqual([false, 1]);
  });

  it('lets both of a pair spend the same purse at the same step, to different accounts', () => {
    const [first, second] = [plan(3, 2), plan(3, 3)];
    let spends = 0;
    const refillers = new Map<string, (string | undefined)[]>();
    for (const [index, step] of first.entries()) {
      const other = second[index];
      expect(other?.meet).toBe(step.meet);
      if (step.meet === undefined) continue;
      const [mine, theirs] = [step.operations[0]?.args, other?.operations[0]?.args];
      expect([mine?.[0], mine?.[2]]).toEqual([theirs?.[0], theirs?.[2]]);
      expect(mine?.[1]).not.toBe(theirs?.[1]);
      // Exactly one of them refills.
      const all = [...step.operations, ...(other?.operations ?? [])];
      const refills = all.filter(({ intent }) => intent === 'refill');
      expect(refills).toHaveLength(1);
      const purse = mine?.[0] ?? '';
      refillers.set(purse, [...(refillers.get(purse) ?? []), refills[0]?.args[0]]);
      spends += 1;
    }
    expect(spends).toBeGreaterThan(100);
    expect(refillers.size).toBe(4);
    // They take turns at each purse.
    for (const [one, ...rest] of refillers.values()) expect(rest[0]).not.toBe(one);
    expect(share(first, 'refill')).toBeCloseTo(share(second, 'refill'), 1);
  });

  it('gives an odd last client no double spends', () => {
    const odd = transfers({ clients: 3, doubleSpends: 0.5, steps: 100 });
    expect(plan(1, 2, odd).every(({ meet }) => meet === undefined)).toBe(true);
    expect(plan(1, 1, odd).some(({ meet }) => meet !== undefined)).toBe(true);
  });

  it('overdraws with more than there is and reads at the peers given', () => {
    for (const { intent, args, peer } of operations(plan(1, 1))) {
      if (intent === 'overdraft') expect(args[2]).toBe(`${overdraftAmount(profile)}`);
      expect(peer !== undefined).toBe(intent === 'read');
      if (peer !== undefined) {
        expect(['peer0.org1', 'peer1.org2']).toContain(peer);
        expect(new Set(args).size).toBe(4);
      }
    }
  });

  it('goes on for ever without a number of steps', () => {
    const endless = planSteps(transfers(), 1, 0);
    for (let count = 0; count < 5_000; count += 1) expect(endless.next().done).toBe(false);
  });
});
