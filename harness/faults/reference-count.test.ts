import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { acquireReference, releaseReference, values } from './reference-count.ts';

describe('holds', () => {
  let folder = '';
  const run = (script: string) =>
    execFileSync('sh', ['-c', script.replaceAll('/run/harness-holds', `${folder}/holds`)], {
      encoding: 'utf8',
    });
  const log = () => {
    const file = path.join(folder, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  const say = (word: string) => `echo ${word} >> ${folder}/log`;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'holds-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are undone by the last to leave, in whatever order', () => {
    run(acquireReference('freeze-x', 'a', say('pause')));
    run(acquireReference('freeze-x', 'b', say('pause')));
    run(releaseReference('freeze-x', 'a', say('unpause'), say('stay')));
    expect(log()).toEqual(['pause', 'pause', 'stay']);
    run(releaseReference('freeze-x', 'b', say('unpause')));
    expect(log().at(-1)).toBe('unpause');
  });

  it('can be left twice without taking away what another holds', () => {
    run(acquireReference('freeze-x', 'a', ':'));
    run(acquireReference('freeze-x', 'b', ':'));
    run(releaseReference('freeze-x', 'a', say('unpause')));
    run(releaseReference('freeze-x', 'a', say('unpause')));
    expect(log()).toEqual([]);
  });

  it('of different states have nothing to do with each other', () => {
    run(acquireReference('freeze-x', 'a', ':'));
    run(acquireReference('freeze-y', 'b', ':'));
    run(releaseReference('freeze-x', 'a', say('unpause x')));
    expect(log()).toEqual(['unpause x']);
  });

  it('keep a value each', () => {
    run(acquireReference('cpu-x', 'a', ':', '5000'));
    run(acquireReference('cpu-x', 'b', ':', '2000'));
    expect(run(values('cpu-x')).trim().split('\n').sort()).toEqual(['2000', '5000']);
  });

  it('undo also what was never applied', () => {
    run(releaseReference('freeze-x', 'a', say('unpause')));
    expect(log()).toEqual(['unpause']);
  });
});
