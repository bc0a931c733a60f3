import { fileURLToPath } from 'node:url';
import { acquireLock } from '../base/lock.ts';
import { buildImages } from './build.ts';
import { OFFICIAL } from './catalogue.ts';
import { completeSet, type Manifest, outerImages } from './manifest.ts';
import type { Choice, ImageOptions, ImageSet, Variant, Variants } from './model.ts';
import { type ImagePlan, planImages, planInputs } from './plan.ts';
import { canHave } from './registry.ts';
import { type Files, readFiles } from './tree.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Makes sure that all images of a network are there, and that each is the one its sources describe: present, or
 * pulled from the user's registry, or built. When nothing is missing this takes three requests to the engine.
 * Processes on one engine take turns; what an interrupted build has finished is used.
 *
 * @throws ImageBuildError when a build fails
 * @throws the signal's reason when it aborts; no container of the build is left then
 */
export async function ensureImages(options: ImageOptions): Promise<ImageSet> {
  const started = performance.now();
  const { docker } = options;
  const done = (manifest: Manifest): ImageSet => ({
    ...manifest,
    seconds: (performance.now() - started) / 1000,
  });
  const files = readFiles(ROOT, planInputs());
  const { Arch: arch } = await docker.version();
  const present = await presentSet(options, files, arch);
  if (present) {
    report(options, present);
    return done(present);
  }
  return inTurn(options, async (key) => {
    const meanwhile = await presentSet(options, files, arch);
    if (meanwhile) return done(meanwhile);
    const plan = planImages(files, await chooseVariants(options), arch);
    return done(await buildImages({ ...options, root: ROOT, files, plan, key }));
  });
}

/** The lock of what makes or replaces images of an engine; the work gets the engine's key. */
export async function inTurn<T>(
  { docker, onNotice, signal }: Pick<ImageOptions, 'docker' | 'onNotice' | 'signal'>,
  work: (key: string) => Promise<T>,
): Promise<T> {
  const { ID: engine } = await docker.info();
  const key = engine.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 16);
  const release = await acquireLock(key, {
    onWait: (pid) => onNotice?.(`process ${pid} is making the images: waiting for it`),
    ...(signal && { signal }),
  });
  try {
    return await work(key);
  } finally {
    await release();
  }
}

/** The plan that `ensureImages` would follow for a choice of implementations. */
export function currentPlan(variants: Variants, arch: string): ImagePlan {
  return planImages(readFiles(ROOT, planInputs()), variants, arch);
}

/** The complete set of the present sources that an engine has, if it has one; nothing is made. */
export async function presentImages(
  options: Pick<ImageOptions, 'docker' | 'couchdb' | 'mongo' | 'fabric3'>,
): Promise<Manifest | undefined> {
  const { Arch: arch } = await options.docker.version();
  return presentSet(options, readFiles(ROOT, planInputs()), arch);
}

/** A complete set that fits the options: where these say `auto`, the original is preferred, but nobody is asked. */
async function presentSet(
  {
    docker,
    couchdb,
    mongo,
    fabric3,
  }: Pick<ImageOptions, 'docker' | 'couchdb' | 'mongo' | 'fabric3'>,
  files: Files,
  arch: string,
): Promise<Manifest | undefined> {
  const present = await outerImages(docker);
  for (const variants of candidates(couchdb, mongo, fabric3)) {
    const set = await completeSet(docker, planImages(files, variants, arch), present);
    if (set) return set;
  }
  return undefined;
}

function report({ onProgress }: ImageOptions, set: Manifest): void {
  for (const image of ['base', 'node', 'reaper', ...Object.keys(set.images)]) {
    onProgress?.({ image, state: 'present', seconds: 0 });
  }
}

/** All sets that a choice allows, originals first; those with Fabric 3 that nobody asked for last. */
export function candidates(couchdb: Choice, mongo: Choice, fabric3: boolean): readonly Variants[] {
  const open = (choice: Choice): readonly Variant[] =>
    choice === 'auto' ? ['official', 'compatible'] : [choice];
  const pairs = open(couchdb).flatMap((c) => open(mongo).map((m) => ({ couchdb: c, mongo: m })));
  const releases = fabric3 ? [true] : [false, true];
  return releases.flatMap((with3) => pairs.map((pair) => ({ ...pair, fabric3: with3 })));
}

async function chooseVariants({
  docker,
  couchdb,
  mongo,
  fabric3,
}: ImageOptions): Promise<Variants> {
  const choose = async (choice: Choice, reference: string): Promise<Variant> =>
    choice !== 'auto' ? choice : (await canHave(docker, reference)) ? 'official' : 'compatible';
  const [c, m] = await Promise.all([
    choose(couchdb, OFFICIAL.couchdb),
    choose(mongo, OFFICIAL.mongo),
  ]);
  return { couchdb: c, mongo: m, fabric3 };
}
