import { fileURLToPath } from 'node:url';
import { recipes } from './catalogue.ts';
import type { AnyImageName, Variants } from './model.ts';
import { contextOf, planImages, planInputs } from './plan.ts';
import { type Files, readFiles } from './tree.ts';

const compatible: Variants = { couchdb: 'compatible', mongo: 'compatible', fabric3: false };
const files = readFiles(fileURLToPath(new URL('../..', import.meta.url)), planInputs());
const before = planImages(files, compatible, 'amd64');

function changed(edited: Files, variants = compatible, arch = 'amd64'): AnyImageName[] {
  const after = planImages(edited, variants, arch);
  return [...before.images.keys()]
    .filter((image) => after.images.get(image)?.tag !== before.images.get(image)?.tag)
    .sort();
}

function edit(file: string, content = 'edited'): Files {
  return new Map([...files, [file, Buffer.from(content)]]);
}

describe('planImages', () => {
  it('gives the same tags for the same files in another order', () => {
    const reversed = new Map([...files].reverse());
    expect(planImages(reversed, compatible, 'amd64').goldenHash).toBe(before.goldenHash);
  });

  it.each<[string, AnyImageName[]]>([
    ['fixtures/chaincode/bank/src/main.ts', ['bank']],
    ['fixtures/api/src/main.ts', ['api']],
    ['fabric-client/submit.ts', ['api']],
    ['fixtures/images/couchdb/server/main.ts', ['couchdb']],
    ['fixtures/images/fabric/go.sum', ['fabric']],
    ['fixtures/images/fabric/ccaas-builder/main.go', ['fabric']],
    ['fixtures/images/kafka/train.sh', ['kafka']],
    ['fixtures/images/kafka-libs/jars.lock', ['kafka', 'kafka-libs', 'zookeeper']],
    ['fixtures/images/jvm/Dockerfile', ['jvm', 'kafka', 'kafka-libs', 'zookeeper']],
    [
      'fixtures/images/nodejs/package-lock.json',
      ['api', 'bank', 'couchdb', 'mongo-express', 'nodejs'],
    ],
    ['fixtures/images/node/entrypoint.sh', ['node']],
    ['fixtures/images/node/delay-queue/main.go', ['node']],
    ['fixtures/images/reaper/server.go', ['reaper']],
  ])('a change of %s changes exactly the images that depend on it', (file, images) => {
    expect(files.has(file)).toBe(true);
    expect(changed(edit(file))).toEqual(images);
  });

  it('a changed base changes everything but the reaper, which has none', () => {
    const all = [...before.images.keys()].filter((image) => image !== 'reaper').sort();
    expect(changed(edit('fixtures/images/base/make-rootfs.sh'))).toEqual(all);
  });

  it('a new file in a folder counts, a file of another folder with the same beginning does not', () => {
    expect(changed(edit('fixtures/chaincode/bank/src/new.ts'))).toEqual(['bank']);
    expect(changed(edit('fixtures/chaincode/bank-notes/x.ts'))).toEqual([]);
  });

  it('a moved byte between two files counts', () => {
    const one = edit('fixtures/api/a.ts', 'ab');
    const other = new Map([...files, ['fixtures/api/a.tsa', Buffer.from('b')]]);
    expect(planImages(one, compatible, 'amd64').images.get('api')?.tag).not.toBe(
      planImages(other, compatible, 'amd64').images.get('api')?.tag,
    );
  });

  it('names another golden volume and marker when, and only when, an image in it changes', () => {
    const machine = planImages(edit('fixtures/images/node/entrypoint.sh'), compatible, 'amd64');
    expect(machine.goldenVolume).toBe(before.goldenVolume);
    const bank = planImages(edit('fixtures/chaincode/bank/src/main.ts'), compatible, 'amd64');
    expect(bank.goldenVolume).not.toBe(before.goldenVolume);
    expect(bank.marker).not.toBe(before.marker);
  });

  it('tells originals from stand-ins and architectures apart', () => {
    expect(changed(files, { couchdb: 'official', mongo: 'compatible', fabric3: false })).toEqual([
      'couchdb',
    ]);
    expect(changed(files, compatible, 'arm64')).toHaveLength(before.images.size);
  });

  it('has Fabric 3 only where it is asked for, and all else is the same then', () => {
    const both = planImages(files, { ...compatible, fabric3: true }, 'amd64');
    expect([...before.images.keys()]).not.toContain('fabric-3');
    expect([...both.images.keys()]).toContain('fabric-3');
    expect(
      [...before.images].every(([image, { tag }]) => both.images.get(image)?.tag === tag),
    ).toBe(true);
    expect(both.goldenVolume).not.toBe(before.goldenVolume);
  });

  it('refuses an image without a Dockerfile', () => {
    const without = new Map(files);
    without.delete('fixtures/images/kafka/Dockerfile');
    expect(() => planImages(without, compatible, 'amd64')).toThrow(
      'image kafka: expected fixtures/images/kafka/Dockerfile, found none',
    );
  });

  it('makes tags that Docker accepts', () => {
    for (const { tag } of before.images.values()) {
      expect(tag).toMatch(/^fabric-swarm-harness\/[a-z-]+:[0-9a-f]{12}$/);
    }
  });
});

describe('recipes', () => {
  it('lists parents before children', () => {
    const seen = new Set<string | null>([null]);
    for (const { image, parent } of recipes(compatible)) {
      expect(seen).toContain(parent);
      seen.add(image);
    }
  });
});

describe('contextOf', () => {
  it('sends the files of the folder itself, not those of steps and tests', () => {
    const names = contextOf('fabric', files).map(([file]) => file);
    expect(names).toContain('fixtures/images/fabric/Dockerfile');
    expect(names.filter((name) => name.includes('ccaas-builder'))).toEqual([]);
  });
});
