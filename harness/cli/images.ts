import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '../base/settings.ts';
import { connectEngine, type Engine, findEngine } from '../engine/engine.ts';
import { currentPlan } from '../images/ensure.ts';
import { type Removal, removeImages } from '../images/remove.ts';
import { interruptible } from './context.ts';
import { preflight, provideImages } from './provide.ts';
import { table, terminalProgress } from './terminal.ts';

const MB = 1_000_000;

/** `harness images`. */
export async function images(
  settings: Settings,
  options: { hash?: boolean; remove?: boolean; json?: boolean },
): Promise<void> {
  if (options.hash) {
    const variant = (choice: Settings['couchdb']) => (choice === 'auto' ? 'official' : choice);
    const plan = currentPlan(
      { couchdb: variant(settings.couchdb), mongo: variant(settings.mongodb) },
      process.arch === 'arm64' ? 'arm64' : 'amd64',
    );
    console.log(plan.goldenHash);
    return;
  }
  if (options.remove) {
    const engine = await engineWithImages(settings);
    if (!engine) {
      console.log('no engine answers, nothing to remove');
      return;
    }
    const result = await removeImages(engine.docker);
    if (options.json) console.log(JSON.stringify(result, null, 2));
    else console.log(removalInWords(result));
    return;
  }
  await preflight(settings);
  const started = performance.now();
  const progress = terminalProgress(process.stderr, started);
  const provided = await provideImages({
    settings,
    progress,
    signal: interruptible(),
    elapsed: () => (performance.now() - started) / 1000,
  }).finally(progress.stop);
  const set = provided.images;
  if (options.json) {
    console.log(JSON.stringify(set, null, 2));
    return;
  }
  const rows = Object.entries(set.images).map(([name, { tag, size }]) => [
    name,
    tag,
    `${Math.round(size / MB)} MB`,
    set.versions[name] ?? '',
  ]);
  console.log(table([['IMAGE', 'TAG', 'SIZE', 'VERSION'], ...rows]));
  console.log(`golden volume ${set.goldenVolume}, ${Math.round(set.goldenSize / MB)} MB on disk`);
}

/**
 * The engine that answers, or the private one if it has ever been started here: it ends by itself when nothing uses it,
 * and its images stay. Connected to, so that it does not end in the middle of a removal.
 */
async function engineWithImages(settings: Settings): Promise<Engine | undefined> {
  const there = existsSync(path.join(settings.stateDir, 'engine'));
  if (!there && !(await findEngine(process.env))) return undefined;
  return connectEngine(settings, process.env, (line) => process.stderr.write(`${line}\n`));
}

/** What a removal did, one line each. */
export function removalInWords({ removed, kept }: Removal): string {
  if (removed.length + kept.length === 0) return 'no images of the harness are here';
  return [
    ...removed.map((name) => `removed ${name}`),
    ...kept.map(({ name, reason }) => `kept ${name}: ${reason}`),
  ].join('\n');
}
