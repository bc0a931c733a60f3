import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { conserved } from '../../audit/invariant.ts';
import { component, crash } from '../../faults/index.ts';
import {
  type Call,
  type CustomLoad,
  calls,
  during,
  type ScenarioDefinition,
  seconds,
} from '../author/definition.ts';
import { declaredFacts } from '../evidence/facts.ts';
import { fakeSession } from '../testing/fake-session.ts';
import { declaredAt, register } from './declared.ts';
import { runScenario } from './run-scenario.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'calls-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const place = {
  ...{ name: 'own', folder: 'scenarios/own', file: 'own.scenario.ts', line: 1 },
  ...{ suite: 'paper', channel: 'own' },
};

async function run(
  next: (number: number) => Call,
  more: Partial<ScenarioDefinition> & {
    readonly probe?: (number: number) => Call;
    readonly verify?: CustomLoad['verify'];
  } = {},
) {
  const { probe, verify, ...rest } = more;
  const definition: ScenarioDefinition = {
    load: calls({
      ...{ chaincode: 'bank', clients: 1 },
      setUp: [{ function: 'openMany', args: ['a', '10', 'Own', '1000'] }],
      next: (_, number) => next(number),
      ...(probe && { probe: (_: string, number: number) => probe(number) }),
      ...(verify && { verify }),
    }),
    duration: seconds(3),
    ...rest,
  };
  const fake = await fakeSession(folder);
  register(folder, { ...declaredAt(place, place.file), ...declaredFacts(definition) });
  await using session = fake.session;
  return fake.clock.drive(runScenario(session, definition, place));
}

const transfer = (number: number): Call => ({
  function: 'transfer',
  args: [`a${number % 10}`, `a${(number + 1) % 10}`, '1'],
});
const beyond = { function: 'transfer', args: ['a1', 'a2', '999999'] };

describe('calls of an author on a network in memory', () => {
  it('recovers through each orderer, also through one that the only client does not use', async () => {
    const result = await run(transfer, {
      faults: [during(crash(component('peer1.org1')), { at: seconds(1), for: seconds(1) })],
    });
    expect(result.problems).toEqual([]);
    expect(result.recovery.map(({ orderer, firstCommit }) => [orderer, firstCommit])).toEqual([
      ['orderer0', expect.any(Number)],
      ['orderer1', expect.any(Number)],
    ]);
  });

  it('probes with what the author gives for it', async () => {
    const probes: number[] = [];
    const result = await run(transfer, {
      faults: [during(crash(component('peer1.org1')), { at: seconds(1), for: seconds(1) })],
      probe: (number) => {
        probes.push(number);
        return transfer(number);
      },
    });
    expect(result.status).toBe('passed');
    expect(probes.filter((number) => number === 0)).toHaveLength(2);
  });

  it('fails when most is refused and nothing announced it, and counts each in its column', async () => {
    const result = await run((number) => (number % 20 === 0 ? transfer(number) : beyond));
    expect(result.status).toBe('failed');
    const { ok, refused, refusedUnexpectedly, fail, unknown } = result.load.before;
    expect([refused, fail, unknown]).toEqual([0, 0, 0]);
    expect(refusedUnexpectedly).toBeGreaterThan(10 * ok);
    expect(result.problems.join('\n')).toMatch(
      /transfers answered before the faults: expected at least 90 %.*L1 .*nothing had announced that/s,
    );
  });

  it('passes with refusals that were announced', async () => {
    const result = await run((number) =>
      number % 2 === 0 ? transfer(number) : { ...beyond, refusal: 'expected' },
    );
    expect(result.problems).toEqual([]);
    expect(result.load.before.refused).toBeGreaterThan(10);
    expect(result.load.before.refusedUnexpectedly).toBe(0);
  });

  it('is held against invariants of its own', async () => {
    const sound = await run(transfer, { invariants: [conserved('balance')] });
    expect(sound.problems).toEqual([]);
    expect(sound.audit?.checks.at(-1)).toMatchObject({ id: 'A1', verdict: 'valid' });
    rmSync(path.join(folder, place.folder), { recursive: true });
    const opening = (number: number): Call => ({
      ...{ function: 'open', args: [`n${number}`, 'Own', '7'] },
    });
    const minted = await run(opening, { invariants: [conserved('balance')] });
    expect(minted.status).toBe('failed');
    expect(minted.problems.at(-1)).toMatch(
      /^A1 conserved\(balance\): invalid: open n\d+ Own 7 in block \d+: changed the sum of balance by 7$/,
    );
  });

  it('has its reads verified with the state at the height of their peer', async () => {
    const reading = (number: number): Call =>
      number % 2 === 0
        ? transfer(number)
        : { function: 'balance', args: [`a${number % 10}`], evaluate: true };
    const sound = await run(reading, {
      verify: ({ args: [id], result }, state) => {
        const { balance } = JSON.parse(state.get(`account:${id}`) ?? '{}');
        return String(balance) === result ? undefined : `answered ${result}, has ${balance}`;
      },
    });
    expect(sound.problems).toEqual([]);
    expect(sound.audit?.checks.at(-1)).toMatchObject({ name: 'verify', verdict: 'valid' });
    rmSync(path.join(folder, place.folder), { recursive: true });
    const unsound = await run(reading, {
      verify: ({ result }) => (result === '1000' ? undefined : `answered ${result}`),
    });
    expect(unsound.problems.at(-1)).toMatch(
      /^A1 verify: invalid: operation \d+, balance a\d on peer\d\.org1: answered \d+$/,
    );
  });
});
