import path from 'node:path';
import { judge } from '../../audit/judge.ts';
import { component, crash, freeze, loseMachine, machine, noop } from '../../faults/index.ts';
import type { Fault } from '../../faults/model.ts';
import { transfers } from '../../workload/profile.ts';
import { during, seconds } from '../author/definition.ts';
import { evidenceFolder, type FakeSession, fakeSession, PLACE } from '../testing/fake-session.ts';
import { declaredAt, register } from './declared.ts';
import { runScenario } from './run-scenario.ts';

const folder = evidenceFolder();
const load = transfers({ clients: 2, accounts: 10, rate: 10 });

/** Runs a load with a fault in it. @param act does something to the network or the run, by its clock */
async function run(fault: Fault, act: (fake: FakeSession) => void = () => {}) {
  const fake = await fakeSession(folder());
  act(fake);
  register(folder(), declaredAt(PLACE, PLACE.file));
  await using session = fake.session;
  const faults = [during(fault, { at: seconds(1), for: seconds(1) })];
  const result = await fake.clock.drive(runScenario(session, { load, faults }, PLACE));
  return { ...fake, result };
}

describe('a scenario on a network in memory', () => {
  it.each([
    crash(component('orderer0')),
    freeze(component('orderer1')),
    crash(component('peer0.org2')),
    loseMachine(machine(2)),
    freeze(machine(3)),
  ])('passes with load, $text, heal, evidence and judgement', async (fault) => {
    const { result, network } = await run(fault);
    expect(result.problems).toEqual([]);
    expect(result.status).toBe('passed');
    expect(result.faults.map(({ confirmation }) => confirmation)).toEqual(['confirmed']);
    expect(result.audit?.verdict).toBe('valid');
    expect(result.recovery.map(({ orderer }) => orderer).toSorted()).toEqual([
      'orderer0',
      'orderer1',
    ]);
    const silent = network.nodes.peers.filter(({ name }) => !network.fake.answers(name));
    expect(silent).toEqual([]);
    expect(judge(path.join(folder(), PLACE.folder))).toEqual(result);
  });

  it('tells what became of the components, of a lost machine those that were on it', async () => {
    const { result } = await run(loseMachine(machine(2)));
    const down = result.states?.filter(({ state }) => state === 'down').map((s) => s.component);
    expect(down).toContain('peer1.org2');
    expect(down).not.toContain('peer0.org1');
  });

  it('is interrupted: the fault is healed, and what there is of evidence is judged', async () => {
    const { result, network } = await run(crash(component('orderer0')), ({ clock, interrupt }) => {
      void clock.until(2_000).then(() => interrupt.abort(new Error('interrupted')));
    });
    expect(result.status).toBe('interrupted');
    expect(result.faults.map(({ healedAt }) => typeof healedAt)).toEqual(['number']);
    expect(network.fake.answers('orderer0')).toBe(true);
    expect(result.load.blocks.length).toBeGreaterThan(0);
    expect(result.audit).not.toBeNull();
  });

  it('is timed out when its own limit ends it', async () => {
    const { result } = await run(crash(component('orderer0')), ({ clock, interrupt }) => {
      const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
      void clock.until(2_000).then(() => interrupt.abort(late));
    });
    expect(result.status).toBe('timed-out');
  });

  it('fails where a fault has no effect, whatever the ledger says', async () => {
    const { result } = await run(noop(component('orderer0')));
    expect(result.status).toBe('failed');
    expect(result.problems).toEqual([expect.stringMatching(/noop.*orderer0.*not-confirmed/)]);
  });

  it('fails where the network does not come to rest, and names who is behind', async () => {
    const { result } = await run(crash(component('orderer0')), ({ network }) => {
      network.behind('peer1.org2', 20);
    });
    expect(result.status).toBe('failed');
    expect(result.problems.join('\n')).toMatch(/the same height on every peer.*peer1\.org2 20/s);
    expect(result.audit?.verdict).toBe('invalid');
  });

  it('fails where an orderer forgets what it has acknowledged', async () => {
    const { result } = await run(crash(component('orderer0')), ({ network, clock }) => {
      void clock.until(1_500).then(() => network.forget(1));
    });
    expect(result.status).toBe('failed');
    expect(result.problems.join('\n')).toContain('nothing acknowledged is lost');
  });
});
