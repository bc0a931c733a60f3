import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Settings } from '../base/settings.ts';
import type { Engine } from './engine.ts';

const GIB = 1024 ** 3;

/** A folder that a run fills. */
export interface DataFolder {
  readonly purpose: 'engine data' | 'cache';
  readonly folder: string;
  /** How to have it elsewhere. */
  readonly move: string;
}

/** Free gigabytes of the file system that a folder is on, or will be. */
export async function freeGigabytes(folder: string): Promise<number> {
  let existing = folder;
  while (!existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return (bavail * bsize) / GIB;
}

/**
 * The folders of this host that a run fills: the cache, and where the engine that will be used keeps its data. An
 * engine elsewhere (over the network, or in a virtual machine as Docker Desktop's) has no such folder here.
 *
 * @param engine the one that answers; without one a private engine will be started
 */
export async function dataFolders(
  settings: Pick<Settings, 'stateDir' | 'cacheDir'>,
  engine: Pick<Engine, 'docker' | 'host'> | undefined,
): Promise<readonly DataFolder[]> {
  const cache: DataFolder = {
    purpose: 'cache',
    folder: settings.cacheDir,
    move: 'set HARNESS_CACHE_DIR',
  };
  if (!engine) {
    const { stateDir } = settings;
    return [{ purpose: 'engine data', folder: stateDir, move: 'set HARNESS_STATE_DIR' }, cache];
  }
  if (!engine.host.startsWith('unix://')) return [cache];
  const { DockerRootDir: root } = (await engine.docker.info()) as { DockerRootDir?: string };
  if (!root || !existsSync(root)) return [cache];
  return [{ purpose: 'engine data', folder: root, move: "change the engine's data-root" }, cache];
}
