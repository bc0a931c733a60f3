import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { UsageError } from '../base/errors.ts';
import { CACHE_LABEL } from '../engine/labels.ts';
import { follow, saveImages, sending } from './engine-images.ts';
import { goldenVolumes, type Manifest, outerImages } from './manifest.ts';
import { fillVolume, readVolume } from './volume-tar.ts';

/**
 * A set of images in a folder, for systems that cache or carry files: the images of the outer engine, the golden volume
 * with all images of the network, and the empty image that says: the volume is complete.
 */
interface SavedSet {
  readonly marker: string;
  readonly volume: string;
  readonly base: string;
}

const FILES = { set: 'set.json', outer: 'images.tar', golden: 'golden.tar', marker: 'marker.tar' };

export interface SavedSetOptions {
  readonly docker: Docker;
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a complete set into a folder, in place of what is there. An interruption leaves no folder.
 *
 * @param manifest of the set, as `ensureImages` gives it
 * @returns bytes written
 */
export async function saveSet(options: SavedSetOptions, manifest: Manifest): Promise<number> {
  const { docker, folder, signal } = options;
  const marked = (await outerImages(docker)).find(
    (image) => image.manifest?.goldenVolume === manifest.goldenVolume,
  );
  if (!marked) throw new Error(`volume ${manifest.goldenVolume}: expected a marker, seen none`);
  const part = `${folder}.part`;
  const write = (file: string) => createWriteStream(path.join(part, file));
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  try {
    const { goldenVolume: volume, base, node, reaper } = manifest;
    const images = async (file: string, tags: readonly string[]) =>
      pipeline(await saveImages(docker, tags), write(file), { ...(signal ? { signal } : {}) });
    await images(FILES.outer, [base, node, reaper]);
    await images(FILES.marker, [marked.tag]);
    await readVolume({ docker, volume, image: base, signal }, write(FILES.golden));
    const set: SavedSet = { marker: marked.tag, volume, base };
    await writeFile(path.join(part, FILES.set), `${JSON.stringify(set, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(part, folder);
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
  const sizes = Object.values(FILES).map(
    async (file) => (await stat(path.join(folder, file))).size,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/**
 * Gives an engine the set of a folder. What is there already stays. After a failure nothing of it counts as complete.
 *
 * @returns whether anything was loaded
 * @throws UsageError when the folder has no set
 */
export async function loadSet({ docker, folder, signal }: SavedSetOptions): Promise<boolean> {
  const { marker, volume, base } = await readSet(folder);
  const load = async (file: string) => {
    const content = createReadStream(path.join(folder, file));
    const stream = await sending(content, docker.loadImage(content, { quiet: true }));
    await follow(docker, stream, undefined, signal);
  };
  const there = (await outerImages(docker)).some(({ tag }) => tag === marker);
  if (there && (await goldenVolumes(docker)).has(volume)) return false;
  await load(FILES.outer);
  // One without a marker is what an interrupted load or build has left.
  await removeVolume(docker, volume);
  await docker.createVolume({ Name: volume, Labels: { [CACHE_LABEL]: 'true' } });
  try {
    const golden = createReadStream(path.join(folder, FILES.golden));
    await fillVolume({ docker, volume, image: base, signal }, golden);
    // The marker comes last, so that a volume that is half full never counts as complete.
    await load(FILES.marker);
  } catch (error) {
    await removeVolume(docker, volume);
    throw error;
  }
  return true;
}

async function readSet(folder: string): Promise<SavedSet> {
  const missing = Object.values(FILES).filter((file) => !existsSync(path.join(folder, file)));
  if (missing.length > 0) {
    throw new UsageError([
      `${folder}: expected a set of images as "harness images --save" writes it, missing ${missing.join(', ')}`,
    ]);
  }
  return JSON.parse(await readFile(path.join(folder, FILES.set), 'utf8')) as SavedSet;
}

async function removeVolume(docker: Docker, volume: string): Promise<void> {
  await docker
    .getVolume(volume)
    .remove({ force: true })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
    });
}
