import { fileURLToPath } from 'node:url';
import { candidates } from './ensure.ts';
import { planInputs } from './plan.ts';
import { readFiles } from './tree.ts';
import { pinnedVersions, standIns } from './versions.ts';

const files = readFiles(fileURLToPath(new URL('../..', import.meta.url)), planInputs());

describe('pinnedVersions', () => {
  it('finds every version in its lock file', () => {
    const versions = pinnedVersions(files, {
      couchdb: 'compatible',
      mongo: 'compatible',
      fabric3: false,
    });
    for (const version of Object.values(versions)) expect(version).toMatch(/\w/);
    expect(versions.kafka).toMatch(/^\d+\.\d+\.\d+$/);
    expect(versions.zookeeper).toMatch(/^\d+\.\d+\.\d+$/);
    expect(versions.mongo).toMatch(/^FerretDB \d/);
  });

  it('names the file that lacks one', () => {
    expect(() =>
      pinnedVersions(new Map(), { couchdb: 'official', mongo: 'official', fabric3: false }),
    ).toThrow('fixtures/images/fabric-ca/go.mod: expected a version');
  });
});

describe('standIns', () => {
  it('is honest about what is not the original', () => {
    const versions = { couchdb: 'c', mongo: 'm' };
    expect(standIns({ couchdb: 'official', mongo: 'official', fabric3: false }, versions)).toEqual(
      {},
    );
    expect(
      standIns({ couchdb: 'compatible', mongo: 'official', fabric3: false }, versions),
    ).toEqual({
      couchdb: 'c',
    });
    expect(
      standIns({ couchdb: 'official', mongo: 'compatible', fabric3: false }, versions),
    ).toEqual({
      mongo: 'm with SQLite',
    });
  });
});

describe('candidates', () => {
  it('prefers originals, and keeps to what was chosen', () => {
    expect(candidates('auto', 'compatible', true)).toEqual([
      { couchdb: 'official', mongo: 'compatible', fabric3: true },
      { couchdb: 'compatible', mongo: 'compatible', fabric3: true },
    ]);
    expect(candidates('official', 'official', true)).toHaveLength(1);
    expect(candidates('auto', 'auto', true)).toHaveLength(4);
  });

  it('takes a set with Fabric 3 where nobody asked for it, but only after those without', () => {
    expect(candidates('official', 'official', false).map(({ fabric3 }) => fabric3)).toEqual([
      false,
      true,
    ]);
  });
});
