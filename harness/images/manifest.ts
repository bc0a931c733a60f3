import type Docker from 'dockerode';
import { CACHE_LABEL } from '../engine/labels.ts';
import { emptyTar, importImage } from './engine-images.ts';
import type { ImageSet } from './model.ts';
import { type ImagePlan, REPOSITORY } from './plan.ts';

/** On the marker image: the {@link Manifest}, base64 of JSON, which no Dockerfile syntax can spoil. */
const MANIFEST_LABEL = 'io.fabric-swarm-harness.manifest';

/** What is known about a complete golden volume. */
export type Manifest = Omit<ImageSet, 'seconds'>;

/** One of our images in the outer engine. */
export interface OuterImage {
  readonly tag: string;
  readonly id: string;
  readonly size: number;
  /** Seconds since 1970. */
  readonly created: number;
  readonly manifest: Manifest | undefined;
}

/** Our images in the outer engine, by one request. A user's own under the same name lack the label. */
export async function outerImages(docker: Docker): Promise<readonly OuterImage[]> {
  const images = await docker.listImages({
    filters: { reference: [`${REPOSITORY}/*`], label: [`${CACHE_LABEL}=true`] },
  });
  return images.flatMap((image) =>
    (image.RepoTags ?? [])
      .filter((tag) => tag.startsWith(`${REPOSITORY}/`))
      .map((tag) => ({
        tag,
        id: image.Id,
        size: image.Size,
        created: image.Created,
        manifest: readManifest(image.Labels?.[MANIFEST_LABEL]),
      })),
  );
}

function readManifest(label: string | undefined): Manifest | undefined {
  if (label === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(label, 'base64').toString()) as Manifest;
  } catch {
    return undefined; // not ours to read: as if it weren't there
  }
}

/** Says that a golden volume is complete: an empty image with the manifest as a label. */
export async function writeMarker(
  docker: Docker,
  marker: string,
  manifest: Manifest,
): Promise<void> {
  const encoded = Buffer.from(JSON.stringify(manifest)).toString('base64');
  await importImage(docker, marker, emptyTar(), [`LABEL ${MANIFEST_LABEL}=${encoded}`]);
}

/**
 * The manifest of a plan whose images are all there: in the outer engine by their tags, in the golden volume by its
 * marker. The volume itself is asked for, since an engine makes a missing one up, empty.
 */
export async function completeSet(
  docker: Docker,
  plan: ImagePlan,
  present: readonly OuterImage[],
): Promise<Manifest | undefined> {
  const tags = new Map(present.map((image) => [image.tag, image]));
  const outer = [...plan.images.values()].filter(({ place }) => place === 'outer');
  const manifest = tags.get(plan.marker)?.manifest;
  if (!manifest || outer.some(({ tag }) => !tags.has(tag))) return undefined;
  return (await goldenVolumes(docker)).has(plan.goldenVolume) ? manifest : undefined;
}

/** Names of our volumes that hold images. */
export async function goldenVolumes(docker: Docker): Promise<ReadonlySet<string>> {
  const { Volumes } = await docker.listVolumes({
    filters: { label: [`${CACHE_LABEL}=true`], name: [`${REPOSITORY}-golden-`] } as never,
  });
  return new Set((Volumes ?? []).map(({ Name }) => Name));
}
