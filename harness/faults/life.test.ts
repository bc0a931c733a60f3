import { FakeClock } from '../workload/testing/fake-clock.ts';
import { memoryHistory } from '../workload/testing/memory-history.ts';
import { DEFAULT_BUDGETS, FaultLife } from './life.ts';
import { type ActiveFault, confirmed, type Fault, notConfirmed } from './model.ts';
import { faultResults } from './result.ts';
import { fakeContext } from './testing/fakes.ts';

function faultOf(events: string[], active: Partial<ActiveFault> = {}): Fault {
  const does = (event: string) => async () => {
    events.push(event);
  };
  return {
    kind: 'crash',
    text: 'crash',
    role: { text: 'machine(2)', resolve: async () => [{ type: 'machine', number: 2 }] },
    available: async () => undefined,
    prepare: async () => ({
      inject: does('inject'),
      verify: async () => confirmed('down'),
      heal: does('heal'),
      verifyHealed: async () => confirmed('up'),
      ...active,
    }),
  };
}

const begin = (active: Partial<ActiveFault> = {}, signal = new AbortController().signal) => {
  const events: string[] = [];
  const clock = new FakeClock();
  const { history, records } = memoryHistory(clock);
  const budgets = { ...DEFAULT_BUDGETS, heal: 10 };
  const life = new FaultLife(fakeContext(), faultOf(events, active), 3, {
    ...{ history, clock, signal, budgets },
  });
  return { events, records, life, clock };
};

const run = async (active: Partial<ActiveFault> = {}) => {
  const { events, records, life, clock } = begin(active);
  await clock.advance(7);
  const result = await life.run(async () => void events.push('work'));
  return { events, records, result };
};

describe('the life of a fault', () => {
  it('injects, works, heals, and reports both measurements', async () => {
    const { events, records, result } = await run();
    expect(events).toEqual(['inject', 'work', 'heal']);
    expect(result).toEqual({
      kind: 'crash',
      role: 'machine(2)',
      targets: ['machine2'],
      machine: 2,
      injectedAt: 7,
      verifiedAt: 7,
      healedAt: 7,
      healVerifiedAt: 7,
      confirmation: 'confirmed',
      evidence: 'down; after the heal: up',
    });
    expect(records).toMatchObject(
      ['inject', 'verified', 'heal', 'healed'].map((phase) => ({ fault: 3, phase, machine: 2 })),
    );
  });

  it('is told by its records alone, as far as they go', async () => {
    const { records, result } = await run();
    const events = records.filter((record) => record.type === 'fault');
    expect(faultResults(events)).toEqual([result]);
    expect(faultResults(events.slice(0, 3))).toMatchObject([
      { verifiedAt: 7, healedAt: null, confirmation: 'inconclusive' },
    ]);
    expect(faultResults(events.slice(0, 1))).toMatchObject([
      { injectedAt: 7, healedAt: null, confirmation: 'inconclusive' },
    ]);
    expect(faultResults([])).toEqual([]);
  });

  it('heals at once when it is interrupted, whatever the work is still waiting for', async () => {
    const controller = new AbortController();
    const { events, life } = begin({}, controller.signal);
    const result = life.run(async () => {
      controller.abort();
      await new Promise(() => {});
    });
    expect(await result).toMatchObject({ confirmation: 'inconclusive', healedAt: 0 });
    expect(events).toEqual(['inject', 'heal']);
  });

  it('does not work when the fault is not confirmed, and heals all the same', async () => {
    const { events, result } = await run({ verify: async () => notConfirmed('it runs') });
    expect(events).toEqual(['inject', 'heal']);
    expect(result.confirmation).toBe('not-confirmed');
    expect(result).not.toHaveProperty('verifiedAt');
  });

  it('heals when the injection fails half-way', async () => {
    const { events, result } = await run({
      inject: async () => {
        throw new Error('half-way');
      },
    });
    expect(events).toEqual(['heal']);
    expect(result.evidence).toBe('half-way; after the heal: up');
  });

  it('says when it could not be healed', async () => {
    const { result } = await run({
      heal: async () => {
        throw new Error('no answer');
      },
    });
    expect(result).toMatchObject({ healedAt: null, confirmation: 'not-confirmed' });
    expect(result.evidence).toContain('could not be healed: no answer');
  });
});
