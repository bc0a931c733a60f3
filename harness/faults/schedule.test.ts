import type { FaultEvent } from '../workload/history.ts';
import { FakeClock, settled } from '../workload/testing/fake-clock.ts';
import { memoryHistory } from '../workload/testing/memory-history.ts';
import { noop } from './kinds/noop.ts';
import { DEFAULT_BUDGETS } from './life.ts';
import { inconclusive, notConfirmed, type Role } from './model.ts';
import { type FaultStep, runFaults, type ScheduleContext } from './schedule.ts';
import { fakeContext, fakeFault, fakeRole } from './testing/fakes.ts';

function start(
  steps: readonly FaultStep[],
  budgets = DEFAULT_BUDGETS,
  randomOf: ScheduleContext['randomOf'] = () => () => 0,
) {
  const clock = new FakeClock();
  const { history, records } = memoryHistory(clock);
  const controller = new AbortController();
  const context = { ...fakeContext(), randomOf };
  const results = runFaults(context, steps, history, clock, controller.signal, budgets);
  const phases = () =>
    (records as FaultEvent[]).map(({ fault, phase, at }) => `${fault} ${phase} at ${at}`);
  return { clock, records: records as FaultEvent[], controller, results, phases };
}

describe('a schedule', () => {
  it('injects when it is time, holds, heals, and records each step', async () => {
    const log: string[] = [];
    const run = start([{ fault: fakeFault(log), at: 3_000, for: 8_000 }]);
    await run.clock.advance(2_999);
    expect(log).toEqual([]);
    await run.clock.advance(1);
    expect(log).toEqual(['fake: inject', 'fake: verify']);
    await run.clock.advance(7_999);
    expect(log).toHaveLength(2);
    await run.clock.advance(1);
    expect(await run.results).toEqual([
      {
        kind: 'fake',
        role: 'role(orderer0)',
        targets: ['orderer0'],
        machine: 1,
        injectedAt: 3_000,
        verifiedAt: 3_000,
        healedAt: 11_000,
        healVerifiedAt: 11_000,
        confirmation: 'confirmed',
        evidence: 'it has an effect; after the heal: it has none',
      },
    ]);
    expect(run.phases()).toEqual([
      '1 inject at 3000',
      '1 verified at 3000',
      '1 heal at 11000',
      '1 healed at 11000',
    ]);
    expect(run.records[0]).toMatchObject({ role: 'role(orderer0)', targets: ['orderer0'] });
  });

  it('gives each step choices of its own, in whatever order the steps come to choose', async () => {
    const role: Role = {
      text: 'an orderer',
      resolve: (context) =>
        fakeRole(context.random() < 0.5 ? 'orderer0' : 'orderer1').resolve(context),
    };
    const targets = async (...order: readonly (0 | 1)[]) => {
      const gates = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
      const run = start(
        gates.map(({ promise }) => ({
          fault: fakeFault([], { role, available: () => promise }),
          at: 0,
          for: 1_000,
        })),
        DEFAULT_BUDGETS,
        (step) => {
          const numbers = step === 0 ? [0.1, 0.9] : [0.9, 0.1];
          return () => numbers.shift() ?? Number.NaN;
        },
      );
      for (const index of order) {
        gates[index]?.resolve(undefined);
        await settled();
      }
      await run.clock.advance(1_000);
      return (await run.results).flatMap((result) => result.targets);
    };
    expect(await targets(0, 1)).toEqual(['orderer0', 'orderer1']);
    expect(await targets(1, 0)).toEqual(['orderer0', 'orderer1']);
  });

  it('lets faults overlap', async () => {
    const log: string[] = [];
    const run = start([
      { fault: fakeFault(log, { kind: 'a' }), at: 0, for: 5_000 },
      { fault: fakeFault(log, { kind: 'b' }), at: 2_000, for: 1_000 },
    ]);
    await run.clock.advance(6_000);
    expect(run.phases()).toEqual([
      '1 inject at 0',
      '1 verified at 0',
      '2 inject at 2000',
      '2 verified at 2000',
      '2 heal at 3000',
      '2 healed at 3000',
      '1 heal at 5000',
      '1 healed at 5000',
    ]);
    expect((await run.results).map((r) => r.kind)).toEqual(['a', 'b']);
  });

  it.each([
    [
      'nothing has the role',
      { role: { text: 'kafka.leader()', resolve: async () => [] } },
      'no target',
    ],
    [
      'the role cannot be found out',
      { role: { text: 'x', resolve: () => Promise.reject(new Error('no broker answers')) } },
      'no broker answers',
    ],
    ['the kernel lacks it', { available: async () => 'no netem' }, 'no netem'],
  ])('does not confirm a fault when %s', async (_, overrides, evidence) => {
    const log: string[] = [];
    const run = start([{ fault: fakeFault(log, overrides), at: 0, for: 1_000 }]);
    const [result] = await run.results;
    expect(result).toMatchObject({ confirmation: 'not-confirmed', healedAt: null });
    expect(result?.evidence).toContain(evidence);
    expect(run.phases()).toEqual(['1 not-confirmed at 0']);
    expect(log).toEqual([]);
  });

  it('heals a fault without effect at once, and does not confirm it', async () => {
    const log: string[] = [];
    const verify = async () => notConfirmed('still reachable');
    const run = start([{ fault: fakeFault(log, { verify }), at: 0, for: 60_000 }]);
    const [result] = await run.results;
    expect(result).toMatchObject({ confirmation: 'not-confirmed', healedAt: 0 });
    expect(run.phases()[1]).toBe('1 not-confirmed at 0');
    expect(log).toEqual(['fake: inject', 'fake: heal', 'fake: verify healed']);
  });

  it('does not confirm a fault that does nothing', async () => {
    const run = start([{ fault: noop(fakeRole('orderer0')), at: 0, for: 60_000 }]);
    expect(await run.results).toMatchObject([{ confirmation: 'not-confirmed' }]);
  });

  it('heals what could only be injected in part', async () => {
    const log: string[] = [];
    const inject = () => Promise.reject(new Error('the second target is gone'));
    const run = start([{ fault: fakeFault(log, { inject }), at: 0, for: 60_000 }]);
    const [result] = await run.results;
    expect(result?.confirmation).toBe('not-confirmed');
    expect(result?.evidence).toContain('the second target is gone');
    expect(log).toEqual(['fake: heal', 'fake: verify healed']);
  });

  it('is inconclusive when a measurement cannot be made, and holds the fault all the same', async () => {
    const log: string[] = [];
    const verify = async () => inconclusive('nobody to measure with');
    const run = start([{ fault: fakeFault(log, { verify }), at: 0, for: 1_000 }]);
    await run.clock.advance(999);
    expect(log).toEqual(['fake: inject']);
    await run.clock.advance(1);
    expect(await run.results).toMatchObject([{ confirmation: 'inconclusive', healedAt: 1_000 }]);
  });

  it('does not confirm a fault whose effect is still there after the heal', async () => {
    const verifyHealed = async () => notConfirmed('still paused');
    const run = start([{ fault: fakeFault([], { verifyHealed }), at: 0, for: 0 }]);
    const [result] = await run.results;
    expect(result).toMatchObject({ confirmation: 'not-confirmed', healedAt: 0 });
    expect(result).not.toHaveProperty('healVerifiedAt');
  });

  it('says so when a heal cannot be carried out', async () => {
    const heal = () => Promise.reject(new Error('the manager is down'));
    const budgets = { ...DEFAULT_BUDGETS, heal: 10 };
    const run = start([{ fault: fakeFault([], { heal }), at: 0, for: 0 }], budgets);
    const [result] = await run.results;
    expect(result).toMatchObject({ confirmation: 'not-confirmed', healedAt: null });
    expect(result?.evidence).toContain('could not be healed: the manager is down');
  });

  it('heals everything at once when it is interrupted, and injects nothing more', async () => {
    const log: string[] = [];
    const run = start([
      { fault: fakeFault(log, { kind: 'a' }), at: 0, for: 60_000 },
      { fault: fakeFault(log, { kind: 'b' }), at: 1_000, for: 60_000 },
      { fault: fakeFault(log, { kind: 'c' }), at: 30_000, for: 1_000 },
    ]);
    await run.clock.advance(2_000);
    run.controller.abort();
    const results = await run.results;
    expect(log.slice(4).sort()).toEqual(['a: heal', 'b: heal']);
    expect(results.map((r) => [r.confirmation, r.healedAt])).toEqual([
      ['inconclusive', 2_000],
      ['inconclusive', 2_000],
      ['inconclusive', null],
    ]);
    expect(results[2]?.evidence).toContain('interrupted');
  });

  it('gives up an injection that hangs after an interrupt, and heals it again should it ever end', async () => {
    const log: string[] = [];
    let finish = () => {};
    const inject = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      });
    const budgets = { ...DEFAULT_BUDGETS, abandon: 1 };
    const run = start([{ fault: fakeFault(log, { inject }), at: 0, for: 1_000 }], budgets);
    await run.clock.advance(0);
    run.controller.abort();
    await run.results;
    expect(log).toEqual(['fake: heal']);
    finish();
    await settled();
    expect(log).toEqual(['fake: heal', 'fake: heal']);
  });
});
