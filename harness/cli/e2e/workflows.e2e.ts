import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { artefacts, commitAll, copyOfProject, runWorkflow } from './support/act.ts';
import { temporaryFolder } from './support/command.ts';

describe("this repository's own workflows", () => {
  const place = temporaryFolder();
  const folder = path.join(place.path, 'runner');
  const repository = path.join(place.path, 'fabric-swarm-harness');
  beforeAll(() => {
    commitAll(copyOfProject(repository), 'OWNER');
  });
  afterAll(() => place[Symbol.dispose]());

  const run = (workflow: string, options: Partial<Parameters<typeof runWorkflow>[0]>) =>
    runWorkflow({ repository, workflow, event: 'workflow_dispatch', folder, ...options });

  it('have the jobs that their matrices say', async () => {
    const pull = await run('pull-request.yml', { event: 'push', dry: true });
    // The runner pads them, and numbers the cells of a matrix.
    expect(pull.jobs.map((job) => job.trim().replace(/-\d+$/, ''))).toEqual([
      'Pull request/Scenarios (article)',
      'Pull request/Scenarios (spread)',
      'Pull request/Types, lint, unit tests',
    ]);
    const mutation = await run('nightly.yml', { dry: true, job: 'mutation' });
    expect(mutation.jobs).toHaveLength(6);
  });

  it('choose the seeds of a night', async () => {
    const night = await run('nightly.yml', { job: 'seeds', inputs: { seeds: '7, 11' } });
    expect(night.outputs.get('seeds seeds seeds')).toBe('[7,11]');
    const scheduled = await run('nightly.yml', { job: 'seeds', event: 'schedule' });
    expect(scheduled.outputs.get('seeds seeds seeds')).toBe('[1001,1002]');
    const wrong = await run('nightly.yml', { job: 'seeds', inputs: { seeds: 'none' } });
    expect(wrong.green).toBe(false);
    expect(wrong.annotations.map(({ message }) => message)).toEqual([
      'seeds: expected whole numbers, got "none"',
    ]);
  });

  it('check types, lint and units, and report them', async () => {
    const checked = await run('pull-request.yml', { event: 'push', job: 'check' });
    expect([checked.green, checked.green ? '' : checked.log]).toEqual([true, '']);
    expect(stripVTControlCharacters(checked.log)).toMatch(/Tests: +\d+ passed/);
  });

  it('run scenarios under a placement of the matrix', async () => {
    const scenarios = await run('pull-request.yml', {
      job: 'scenarios',
      cells: ['topology:spread'],
      inputs: { scenarios: 'scenarios/pull-request/02-*.scenario.ts', seed: '7' },
      env: { HARNESS_NAME: 'e2e-a' },
    });
    expect([scenarios.green, scenarios.green ? '' : scenarios.log]).toEqual([true, '']);
    expect(scenarios.summary).toContain('seed 7 · topology spread');
    expect(Object.keys(artefacts(folder))).toEqual(['report-spread-1']);
  });
});
