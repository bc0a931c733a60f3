import {
  type ActiveFault,
  confirmed,
  type Fault,
  type FaultContext,
  notConfirmed,
} from '../../faults/model.ts';
import { whileInForce } from './in-force.ts';

const context = { now: () => 7 } as FaultContext;

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

const run = async (active: Partial<ActiveFault> = {}, work?: () => Promise<void>) => {
  const events: string[] = [];
  const inForce = await whileInForce(
    context,
    faultOf(events, active),
    work ??
      (async () => {
        events.push('work');
      }),
  );
  return { events, ...inForce };
};

describe('whileInForce', () => {
  it('injects, works, heals, and reports both measurements', async () => {
    const { events, result, failure } = await run();
    expect(events).toEqual(['inject', 'work', 'heal']);
    expect(failure).toBeUndefined();
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
  });

  it('heals when the work fails, and hands the failure on', async () => {
    const failed = new Error('seen something else');
    const { events, failure } = await run({}, async () => {
      throw failed;
    });
    expect(events).toEqual(['inject', 'heal']);
    expect(failure).toBe(failed);
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
