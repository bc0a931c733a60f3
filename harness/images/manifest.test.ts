import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { completeSet, type Manifest, outerImages, writeMarker } from './manifest.ts';
import type { ImagePlan } from './plan.ts';
import { removeImages, removeSuperseded } from './remove.ts';

const volumeOf = (hash: string) => `fabric-swarm-harness-golden-${hash}`;
const manifestOf = (hash: string) =>
  ({
    base: 'fabric-swarm-harness/base:b',
    node: `fabric-swarm-harness/node:${hash}`,
    reaper: 'fabric-swarm-harness/reaper:r',
    goldenVolume: volumeOf(hash),
  }) as unknown as Manifest;

function planOf(hash: string): ImagePlan {
  const { base, node, reaper } = manifestOf(hash);
  return {
    goldenVolume: volumeOf(hash),
    marker: `fabric-swarm-harness/golden:${hash}`,
    images: new Map(
      [base, node, reaper].map((tag) => [tag, { tag, place: 'outer' }]),
    ) as unknown as ImagePlan['images'],
  } as ImagePlan;
}

/** An engine with golden sets made one after the other, a user's image, and containers on some volumes. */
function engine(hashes: readonly string[], used: readonly string[] = []) {
  const image = (tag: string, created: number, Labels: Record<string, string> = {}) => ({
    RepoTags: [tag],
    Id: tag,
    Size: 1,
    Created: created,
    Labels,
  });
  const encode = (hash: string) => Buffer.from(JSON.stringify(manifestOf(hash))).toString('base64');
  const images = [
    image('fabric-swarm-harness/base:b', 0),
    image('fabric-swarm-harness/reaper:r', 0),
    ...hashes.flatMap((hash, i) => [
      image(`fabric-swarm-harness/node:${hash}`, i),
      image(`fabric-swarm-harness/golden:${hash}`, i, {
        'io.fabric-swarm-harness.manifest': encode(hash),
      }),
    ]),
    image('users/own:1', 0),
  ];
  const removed: string[] = [];
  const docker = {
    listImages: async () => images,
    listVolumes: async () => ({ Volumes: hashes.map((hash) => ({ Name: volumeOf(hash) })) }),
    listContainers: async ({ filters }: { filters: { volume: string[] } }) =>
      used.map(volumeOf).includes(filters.volume[0] ?? '') ? [{ Names: ['/machine1'] }] : [],
    getImage: (tag: string) => ({ remove: async () => removed.push(tag) }),
    getVolume: (name: string) => ({ remove: async () => removed.push(name) }),
  } as unknown as Docker;
  return { docker, removed };
}

describe('completeSet', () => {
  const find = async (docker: Docker, hash: string) =>
    completeSet(docker, planOf(hash), await outerImages(docker));

  it('finds a set by its marker', async () => {
    expect(await find(engine(['1', '2']).docker, '2')).toEqual(manifestOf('2'));
  });

  it('finds none without a marker, without an outer image, or without the volume', async () => {
    expect(await find(engine(['1']).docker, '2')).toBeUndefined();
    const { docker } = engine(['1']);
    const present = (await outerImages(docker)).filter(({ tag }) => !tag.includes('/node:'));
    expect(await completeSet(docker, planOf('1'), present)).toBeUndefined();
    const lost = { ...docker, listVolumes: async () => ({ Volumes: null }) } as unknown as Docker;
    expect(await find(lost, '1')).toBeUndefined();
  });

  it('reads what writeMarker writes', async () => {
    let changes: string[] = [];
    const docker = {
      importImage: async (_: unknown, options: { changes: string[] }) => {
        changes = options.changes;
        return Readable.from([]);
      },
      modem: { followProgress: (_: unknown, done: (error: null) => void) => done(null) },
    } as unknown as Docker;
    await writeMarker(docker, 'fabric-swarm-harness/golden:9', manifestOf('9'));
    const label = changes.find((change) => change.includes('manifest'));
    const encoded = label?.slice(label.indexOf('=') + 1) ?? '';
    expect(JSON.parse(Buffer.from(encoded, 'base64').toString())).toEqual(manifestOf('9'));
  });
});

describe('removeSuperseded', () => {
  it('keeps the current set and the one before it', async () => {
    const { docker, removed } = engine(['1', '2', '3']);
    await removeSuperseded(docker, planOf('3'));
    expect(removed.sort()).toEqual(
      [volumeOf('1'), 'fabric-swarm-harness/golden:1', 'fabric-swarm-harness/node:1'].sort(),
    );
  });

  it('keeps what a container uses, with its marker', async () => {
    const { docker, removed } = engine(['1', '2', '3'], ['1']);
    const { kept } = await removeSuperseded(docker, planOf('3'));
    expect(removed).toEqual(['fabric-swarm-harness/node:1']);
    expect(kept).toEqual([{ name: volumeOf('1'), reason: 'container /machine1 uses it' }]);
  });
});

describe('removeImages', () => {
  it('removes all of ours and nothing of the user', async () => {
    const { docker, removed } = engine(['1']);
    await removeImages(docker);
    expect(removed).toHaveLength(5);
    expect(removed).not.toContain('users/own:1');
    // a marker without its volume would lie
    expect(removed.indexOf('fabric-swarm-harness/golden:1')).toBeLessThan(
      removed.indexOf(volumeOf('1')),
    );
  });
});
