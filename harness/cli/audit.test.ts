import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ScenarioResult } from '../audit/result.ts';
import type { TestRecording } from '../audit/testing/ledger-builder.ts';
import { save } from '../audit/testing/save.ts';
import { busyRecording } from '../audit/testing/scene.ts';
import type { Settings } from '../base/settings.ts';
import { COMPLETE } from '../workload/history.ts';
import { audit } from './audit.ts';

let run: string;
let said: string[];
const { log } = console;
beforeEach(() => {
  run = mkdtempSync(path.join(tmpdir(), 'audit-'));
  said = [];
  console.log = (text: string) => said.push(text);
});
afterEach(() => {
  console.log = log;
  process.exitCode = undefined;
  rmSync(run, { recursive: true });
});

/** Leaves a scenario's evidence in the run's folder. */
function leave(name: string, change: (recording: TestRecording) => object = () => ({})): string {
  const folder = path.join(run, 'scenarios', name);
  const recording = busyRecording();
  recording.scenario = {
    ...recording.scenario,
    place: { name, folder, file: '/own/x.scenario.ts', line: 1, suite: 'own', channel: 'x' },
  };
  recording.history.push({ type: 'mark', label: COMPLETE, at: 90_000 });
  save(folder, Object.assign(recording, change(recording)));
  return folder;
}
const edited = ({ states }: TestRecording) => {
  const [first, ...rest] = states.get('peer0.org2') ?? [];
  if (first) states.set('peer0.org2', [{ ...first, value: '{}' }, ...rest]);
  return {};
};
const unprobed = () => ({ environment: null });
const judged = async (folder: string, options = {}) => {
  await audit(() => ({}) as Settings, folder, options);
  return process.exitCode;
};

describe('harness audit of a folder', () => {
  it('prints the whole result of a scenario, and exits by its verdict', async () => {
    expect(await judged(leave('sound'))).toBe(0);
    expect(said.join('\n')).toMatch(/sound: valid \(passed\)\n.*faults\n.*expectations\n/s);
    expect(await judged(leave('edited', edited))).toBe(1);
    expect(said.at(-1)).toMatch(/: invalid \(failed\)\n {2}problems\n {4}F9 /);
    expect(await judged(leave('unprobed', unprobed))).toBe(3);
  });

  it('judges every scenario of a run; one that is invalid outweighs one that is unknown', async () => {
    leave('a', unprobed);
    leave('b');
    expect(await judged(run)).toBe(3);
    leave('c', edited);
    expect(await judged(run)).toBe(1);
  });

  it('gives the same as JSON', async () => {
    leave('b');
    await judged(run, { json: true });
    const results = JSON.parse(said.join('')) as Record<string, ScenarioResult>;
    expect(results.b).toMatchObject({
      name: 'paper',
      status: 'passed',
      audit: { verdict: 'valid' },
    });
  });

  it('refuses what only goes with a network that others run, and a folder beside one', async () => {
    await expect(judged(leave('b'), { from: '7' })).rejects.toThrow(
      'audit: --from goes with --network, seen without',
    );
    await expect(judged(run, { network: 'connection.yaml' })).rejects.toThrow(
      `audit: expected a folder or --network, seen both (${run})`,
    );
  });

  it('refuses a folder that is none of either', async () => {
    await expect(judged(path.join(run, 'nothing'))).rejects.toThrow(
      /expected a run's or a scenario's folder/,
    );
  });
});
