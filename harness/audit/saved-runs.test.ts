import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge, verdictOf } from './judge.ts';
import { savedResult, savedRuns, unpack } from './testing/saved-runs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'saved-run-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('runs of a real network', () => {
  it.each(savedRuns())('judged offline, gives exactly what it gave live: %s', async (name) => {
    await unpack(name, folder);
    expect(judge(folder)).toEqual(savedResult(name));
  });

  it('are at least a green one, a red one, and one that is undecided', () => {
    const verdicts = savedRuns().map((name) => verdictOf(savedResult(name)));
    expect(new Set(verdicts)).toEqual(new Set(['valid', 'invalid', 'unknown']));
  });
});
