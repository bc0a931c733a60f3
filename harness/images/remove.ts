import type Docker from 'dockerode';
import { goldenVolumes, outerImages } from './manifest.ts';
import type { ImagePlan } from './plan.ts';
import { tagOf } from './plan.ts';

/** What was removed, and what could not be, with the engine's reason. */
export interface Removal {
  readonly removed: readonly string[];
  readonly kept: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Removes all images and golden volumes of the harness from an engine. Only names and labels of the harness count;
 * what a container uses is kept.
 */
export function removeImages(docker: Docker): Promise<Removal> {
  return remove(docker, () => true);
}

/**
 * Removes golden volumes and images of other plans than this, as far as no container uses them. The newest of the
 * others is kept, so that two branches in turn, or a second process that has just been given it, find their images.
 */
export async function removeSuperseded(docker: Docker, plan: ImagePlan): Promise<Removal> {
  const keep = new Set([
    plan.goldenVolume,
    plan.marker,
    // images of the golden volume are in the outer engine only in passing
    ...[...plan.images.values()].filter(({ place }) => place === 'outer').map(({ tag }) => tag),
  ]);
  const previous = (await outerImages(docker))
    .filter(({ tag, manifest }) => manifest && tag !== plan.marker)
    .sort((a, b) => b.created - a.created)[0];
  if (previous?.manifest) {
    const { goldenVolume, base, node, reaper } = previous.manifest;
    for (const name of [previous.tag, goldenVolume, base, node, reaper]) keep.add(name);
  }
  return remove(docker, (name) => !keep.has(name));
}

async function remove(docker: Docker, chosen: (name: string) => boolean): Promise<Removal> {
  const removed: string[] = [];
  const kept: { name: string; reason: string }[] = [];
  const attempt = async (name: string, action: () => Promise<unknown>): Promise<void> => {
    try {
      await action();
      removed.push(name);
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 404) {
        kept.push({ name, reason: String((error as Error).message) });
      }
    }
  };
  const images = (await outerImages(docker)).filter(
    ({ tag }) => !tag.includes('/probe:') && chosen(tag),
  );
  for (const volume of await goldenVolumes(docker)) {
    if (!chosen(volume)) continue;
    // the marker first: a volume without one counts as unfinished, a marker without a volume would lie
    const marker = tagOf('golden', volume.slice(volume.lastIndexOf('-') + 1));
    const inUse = await docker.listContainers({ all: true, filters: { volume: [volume] } });
    if (inUse.length > 0) {
      kept.push({ name: volume, reason: `container ${inUse[0]?.Names[0]} uses it` });
      const index = images.findIndex(({ tag }) => tag === marker);
      if (index >= 0) images.splice(index, 1);
      continue;
    }
    await attempt(marker, () => docker.getImage(marker).remove({ force: false }));
    await attempt(volume, () => docker.getVolume(volume).remove());
  }
  const gone = new Set(removed);
  // children before parents
  for (const { tag } of images.sort((a, b) => b.created - a.created)) {
    if (!gone.has(tag)) await attempt(tag, () => docker.getImage(tag).remove({ force: false }));
  }
  return { removed, kept };
}
