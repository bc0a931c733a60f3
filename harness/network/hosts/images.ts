import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import type { Progress } from '../../base/progress.ts';
import type { NodeMode } from '../../engine/mode.ts';
import { follow, hasImage, saveImages, sending } from '../../images/engine-images.ts';
import type { ImageName, ImageSet } from '../../images/model.ts';
import { RegistryCache } from '../../images/registry.ts';
import { withStoredImages } from '../../images/stored-image.ts';
import { componentsOf } from '../../topology/components.ts';
import { fabricImage } from '../../topology/releases.ts';
import type { Topology } from '../../topology/schema.ts';
import type { Host } from './hosts.ts';
import { labelsOf } from './names.ts';

export interface HostImages {
  readonly network: string;
  /** An engine here that holds the images. */
  readonly local: Docker;
  readonly mode: NodeMode;
  readonly images: ImageSet;
  /** `host/path` of a registry that the hosts reach, which is asked first. */
  readonly registry: string | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Images that the components of a machine run, and that the harness works with there. */
export function imagesOn(topology: Topology, machine: number): Set<ImageName> {
  const fabric = fabricImage(topology) as ImageName;
  const images = new Set<ImageName>([fabric]);
  for (const { kind, machine: at } of componentsOf(topology)) {
    if (at !== machine) continue;
    if (kind === 'chaincode') images.add('bank');
    else if (kind === 'orderer' || kind === 'peer') images.add(fabric);
    else images.add(kind === 'ca' ? 'fabric-ca' : kind);
  }
  return images;
}

/** Has a host the image of machines, in which agent, leash and hand run. */
export async function provideTools(hosts: readonly Host[], options: HostImages): Promise<void> {
  const { local, images } = options;
  await provide(
    hosts,
    () => [images.node],
    options,
    (tags, take) => saveImages(local, tags).then(take),
  );
}

/** Has each host the images of its components; from a registry, or in one stream from here to all that lack the same. */
export async function provideComponents(
  hosts: readonly Host[],
  topology: Topology,
  options: HostImages,
): Promise<void> {
  const { network, local, mode, images, signal } = options;
  const tagsOf = ({ number }: Host) =>
    [...imagesOn(topology, number)].flatMap((name) => images.images[name]?.tag ?? []);
  const { node, goldenVolume } = images;
  const labels = labelsOf(network, 'images');
  await provide(hosts, tagsOf, options, (tags, take) =>
    withStoredImages({ docker: local, node, mode, goldenVolume, labels, signal }, async (engine) =>
      take(await saveImages(engine, tags)),
    ),
  );
}

type Saved = Awaited<ReturnType<typeof saveImages>>;

async function provide(
  hosts: readonly Host[],
  tagsOf: (host: Host) => readonly string[],
  { registry, progress, signal }: HostImages,
  save: (tags: readonly string[], take: (saved: Saved) => Promise<void>) => Promise<void>,
): Promise<void> {
  const lacking = await Promise.all(
    hosts.map(async (host) => {
      const cache = registry
        ? new RegistryCache(host.remote.docker, registry, progress.say)
        : undefined;
      const missing: string[] = [];
      for (const tag of tagsOf(host)) {
        if (await hasImage(host.remote.docker, tag)) continue;
        if (!(await cache?.pull(tag, signal))) missing.push(tag);
      }
      return { host, key: missing.sort().join(' '), missing };
    }),
  );
  const groups = Map.groupBy(
    lacking.filter(({ missing }) => missing.length > 0),
    ({ key }) => key,
  );
  for (const group of groups.values()) {
    const [{ missing } = { missing: [] }] = group;
    await save(missing, async (saved) => {
      await loadInto(
        group.map(({ host }) => host),
        saved,
        signal,
      );
    });
    const names = group.map(({ host }) => host.node.hostname).join(', ');
    progress.say(`${missing.length} images streamed to ${names}`);
  }
}

/** Has hosts load the same images, from one stream. */
export async function loadInto(
  hosts: readonly Host[],
  saved: Saved,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(hosts.map((host) => load(host, saved, signal)));
}

async function load({ remote }: Host, saved: Saved, signal: AbortSignal): Promise<void> {
  const content = saved.pipe(new PassThrough());
  saved.once('error', (error) => content.destroy(error));
  const loading = await sending(
    content,
    remote.docker.loadImage(content as never, { quiet: true }) as Promise<NodeJS.ReadableStream>,
  );
  await follow(remote.docker, loading, undefined, signal);
}
