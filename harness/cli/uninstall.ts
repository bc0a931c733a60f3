import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '../base/settings.ts';
import { hostChanges, undoHostChanges } from '../engine/host-changes.ts';
import { endPrivateEngine } from '../engine/private-engine.ts';
import { removeImages } from '../images/remove.ts';
import { down } from './down.ts';
import { engineWithImages, removalInWords } from './images.ts';

/**
 * `harness uninstall`: everything that the harness has left on this host, but reports: networks, images, the private
 * engine with its data, the cache, and what was changed for good, such as packages.
 */
export async function uninstall(
  settings: Settings,
  options: { dryRun?: boolean; keepPackages?: boolean },
): Promise<void> {
  const folders = [path.join(settings.stateDir, 'engine'), settings.cacheDir].filter(existsSync);
  const changes = options.keepPackages ? [] : hostChanges().words;
  const all = [
    'remove all networks and images of the harness',
    'end the private engine',
    ...folders.map((folder) => `remove ${folder}`),
    ...changes,
  ];
  if (options.dryRun) {
    console.log(`would:\n${all.map((line) => `  ${line}`).join('\n')}`);
    return;
  }
  await down(settings, { all: true });
  const engine = await engineWithImages(settings);
  if (engine) console.log(removalInWords(await removeImages(engine.docker)));
  if (engine?.kind === 'private' && !(await endPrivateEngine(engine.docker))) {
    throw new Error(
      'private Docker engine: expected nobody to use it, seen containers or another process; nothing else was removed',
    );
  }
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
    console.log(`removed ${folder}`);
  }
  if (changes.length > 0) {
    await undoHostChanges();
    console.log(`done: ${changes.join('; ')}`);
  }
  if (existsSync(settings.stateDir) && readdirSync(settings.stateDir).length === 0) {
    rmSync(settings.stateDir, { recursive: true });
  }
}
