import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge } from '../../audit/judge.ts';
import { component, crash, noop } from '../../faults/index.ts';
import { declaredAt, register } from '../run/declared.ts';
import { type FakeSession, fakeSession } from '../testing/fake-session.ts';
import { type Notes, runCheck } from './check.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const place = {
  ...{ name: 'walk', folder: 'scenarios/walk', file: 'walk.scenario.ts', line: 1 },
  ...{ suite: 'paper', channel: 'walk' },
};

async function run(work: (notes: Notes, fake: FakeSession) => Promise<void>) {
  const fake = await fakeSession(folder);
  register(folder, { ...declaredAt(place, place.file), kind: 'check' });
  await using session = fake.session;
  const result = await fake.clock.drive(runCheck(session, place, (_, notes) => work(notes, fake)));
  expect(judge(path.join(folder, place.folder))).toEqual(result);
  return { ...fake, result };
}
const saw = (met: boolean) => async () => ({ met, seen: met ? '200' : '500' });

describe('a check on a network in memory', () => {
  it('passes when every step saw what it should, a fault in force meanwhile', async () => {
    const { result, network } = await run(async ({ step, during }, { network: { fake } }) => {
      await step('before', '200', saw(true));
      await during(crash(component('orderer0')), () =>
        step('meanwhile', 'no orderer0', async () => ({
          met: !fake.answers('orderer0'),
          seen: 'it is away',
        })),
      );
    });
    expect(result).toMatchObject({
      status: 'passed',
      audit: null,
      problems: [],
      faults: [{ kind: 'crash', confirmation: 'confirmed', healedAt: expect.any(Number) }],
      expectations: [
        { id: 'S1', name: 'crash of orderer0 took effect and was healed', met: true },
        { id: 'S2', name: 'before', met: true },
        { id: 'S2', name: 'meanwhile', met: true },
      ],
    });
    expect(network.fake.answers('orderer0')).toBe(true);
  });

  it('fails by a step that saw something else, and goes on', async () => {
    const { result } = await run(async ({ step }) => {
      await step('first', '200', saw(false));
      await step('second', '200', saw(true));
    });
    expect(result).toMatchObject({
      status: 'failed',
      problems: ['first: expected 200, seen 500'],
      expectations: [{ met: false }, { met: true }],
    });
  });

  it('does nothing while a fault has no effect, and says so', async () => {
    const done: string[] = [];
    const { result } = await run(({ during }) =>
      during(noop(component('orderer0')), async () => void done.push('work')),
    );
    expect(done).toEqual([]);
    expect(result.status).toBe('failed');
    expect(result.problems.join('\n')).toMatch(/noop of orderer0.*not-confirmed/);
  });

  it('heals when the work fails, and tells why it failed', async () => {
    const { result, network } = await run(({ during }) =>
      during(crash(component('orderer0')), async () => {
        throw new Error('the API hangs');
      }),
    );
    expect(result.problems).toEqual(['the API hangs']);
    expect(result.faults).toMatchObject([{ confirmation: 'confirmed' }]);
    expect(network.fake.answers('orderer0')).toBe(true);
  });

  it('heals at once when it is interrupted in the midst of its work', async () => {
    const { result, network } = await run(({ during }, { interrupt }) =>
      during(crash(component('orderer0')), async () => {
        interrupt.abort(new Error('interrupted'));
        await new Promise(() => {});
      }),
    );
    expect(result.status).toBe('interrupted');
    expect(network.fake.answers('orderer0')).toBe(true);
  });

  it('fails when it checked nothing', async () => {
    const { result } = await run(async () => {});
    expect(result).toMatchObject({ status: 'failed', problems: ['nothing was checked'] });
  });
});
