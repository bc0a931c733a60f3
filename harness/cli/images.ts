import { existsSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { table } from '../base/table.ts';
import { connectEngine, type Engine, findEngine } from '../engine/engine.ts';
import { currentPlan, inTurn, presentImages } from '../images/ensure.ts';
import { type Removal, removeImages } from '../images/remove.ts';
import { loadSet, saveSet } from '../images/saved-set.ts';
import { preflight, topologyFile } from '../network/machines/preflight.ts';
import { provideImages } from '../network/machines/provide-images.ts';
import { loadTopology } from '../topology/load.ts';
import { wantsFabric3 } from '../topology/releases.ts';
import { interruptible } from './context.ts';
import { terminalProgress } from './terminal.ts';

const MB = 1_000_000;

export interface ImagesOptions {
  readonly hash?: boolean;
  readonly remove?: boolean;
  readonly json?: boolean;
  /** Folders. */
  readonly save?: string;
  readonly load?: string;
}

/** `harness images`. */
export async function images(settings: Settings, options: ImagesOptions): Promise<void> {
  if (options.hash) {
    const variant = (choice: Settings['couchdb']) => (choice === 'auto' ? 'official' : choice);
    const plan = currentPlan(
      {
        couchdb: variant(settings.couchdb),
        mongo: variant(settings.mongodb),
        fabric3: wantsFabric3(loadTopology(topologyFile(settings.topology))),
      },
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
  if (options.load !== undefined) return load(settings, options.load);
  if (options.save !== undefined) return save(settings, options.save);
  const topology = await preflight(settings);
  const started = performance.now();
  const progress = terminalProgress(process.stderr, started);
  const provided = await provideImages({
    settings,
    topology,
    progress,
    signal: interruptible().signal,
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

async function load(settings: Settings, folder: string): Promise<void> {
  await preflight(settings);
  const { signal } = interruptible();
  const { docker } = await connectEngine(settings, process.env, notice);
  const loaded = await inTurn({ docker, signal, onNotice: notice }, () =>
    loadSet({ docker, folder: path.resolve(folder), signal }),
  );
  console.log(loaded ? `loaded the images of ${folder}` : 'these images were there already');
}

async function save(settings: Settings, folder: string): Promise<void> {
  const engine = await engineWithImages(settings);
  const { couchdb, mongodb: mongo } = settings;
  const fabric3 = wantsFabric3(loadTopology(topologyFile(settings.topology)));
  const wanted = { couchdb, mongo, fabric3 };
  const set = engine && (await presentImages({ docker: engine.docker, ...wanted }));
  if (!engine || !set) {
    throw new UsageError([
      'images --save: expected all images to be there, seen none or not all; make them with: harness images',
    ]);
  }
  const { docker } = engine;
  const { signal } = interruptible();
  const bytes = await saveSet({ docker, folder: path.resolve(folder), signal }, set);
  console.log(`saved the images to ${folder}, ${Math.round(bytes / MB)} MB`);
}

const notice = (line: string) => void process.stderr.write(`${line}\n`);

/**
 * The engine that answers, or the private one if it has ever been started here: it ends by itself when nothing uses it,
 * and its images stay. Connected to, so that it does not end in the middle of a removal.
 */
export async function engineWithImages(settings: Settings): Promise<Engine | undefined> {
  const there = existsSync(path.join(settings.stateDir, 'engine'));
  if (!there && !(await findEngine(process.env))) return undefined;
  return connectEngine(settings, process.env, notice);
}

/** What a removal did, one line each. */
export function removalInWords({ removed, kept }: Removal): string {
  if (removed.length + kept.length === 0) return 'no images of the harness are here';
  return [
    ...removed.map((name) => `removed ${name}`),
    ...kept.map(({ name, reason }) => `kept ${name}: ${reason}`),
  ].join('\n');
}
