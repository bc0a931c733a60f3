import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge, verdictOf } from './judge.ts';
import { CHECKS } from './registry.ts';
import type { ScenarioResult } from './result.ts';
import { savedResult, savedRuns, unpack } from './testing/saved-runs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'saved-run-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a check promises may be put into better words since. */
const withoutWords = ({ audit, ...result }: ScenarioResult) => ({
  ...result,
  audit: audit && {
    ...audit,
    checks: audit.checks.map(({ guarantee: _, name: __, ...check }) => check),
  },
});

describe('runs of a real network', () => {
  it.each(savedRuns())('judged offline, gives exactly what it gave live: %s', async (name) => {
    await unpack(name, folder);
    const live = savedResult(name);
    const then = new Set(live.audit?.checks.map(({ id }) => id));
    const checks = CHECKS.filter(({ definition }) => then.has(definition.id));
    expect(withoutWords(judge(folder, checks))).toEqual(withoutWords(live));
  });

  it.each(savedRuns())('is not made worse by checks that came later: %s', async (name) => {
    await unpack(name, folder);
    const { verdict } = savedResult(name).audit ?? {};
    expect(judge(folder).audit?.verdict).toBe(verdict);
  });

  it('are at least a green one, a red one, and one that is undecided', () => {
    const verdicts = savedRuns().map((name) => verdictOf(savedResult(name)));
    expect(new Set(verdicts)).toEqual(new Set(['valid', 'invalid', 'unknown']));
  });
});
