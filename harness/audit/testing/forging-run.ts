import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { audit } from '../audit.ts';
import { forge, forgeries } from './forging.ts';
import { meaningless } from './meaningless.ts';
import { soundRecording } from './scene.ts';

/**
 * Changes a sound recording at random, one change at a time, and counts how many of the changes the audit notices.
 *
 *     node harness/audit/testing/forging-run.ts [--changes 10000] [--seed 1]
 *
 * Exits with 1 when one was not noticed that is not among those that mean nothing (`meaningless.ts`).
 */
const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const wanted = Number(values.changes);
const seed = Number(values.seed);
const sound = soundRecording();
const counts = { noticed: 0, meaningless: 0, missed: 0 };
const labels = new Map<string, number>();
const missed: string[] = [];
const started = performance.now();
for (const forgery of fc.sample(forgeries, { numRuns: wanted, seed })) {
  const forged = forge(sound, forgery);
  if (!forged) continue;
  let verdict: string;
  try {
    verdict = audit(forged.recording).verdict;
  } catch (error) {
    // Damaged evidence is to be judged, not to end the audit.
    counts.missed += 1;
    missed.push(`${forged.label}: ${forged.detail}: the audit threw ${(error as Error).message}`);
    continue;
  }
  if (verdict !== 'valid') counts.noticed += 1;
  else if (meaningless(forged.label) !== undefined) {
    counts.meaningless += 1;
    labels.set(forged.label, (labels.get(forged.label) ?? 0) + 1);
  } else {
    counts.missed += 1;
    missed.push(`${forged.label}: ${forged.detail}`);
  }
}
const all = counts.noticed + counts.meaningless + counts.missed;
console.log(
  `seed ${seed}: of ${all} single changes ${counts.noticed} were noticed, ${counts.meaningless} mean nothing, ${counts.missed} were missed (${Math.round((performance.now() - started) / 1_000)} s)`,
);
for (const [label, count] of [...labels].sort(([, a], [, b]) => b - a)) {
  console.log(`  ${count} × ${label}: ${meaningless(label)}`);
}
for (const text of missed.slice(0, 40)) console.log(`  missed: ${text}`);
if (counts.missed > 0) process.exitCode = 1;
