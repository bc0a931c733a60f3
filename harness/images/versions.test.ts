import { fileURLToPath } from 'node:url';
import { candidates } from './ensure.ts';
import { planInputs } from './plan.ts';
import { readFiles } from './tree.ts';
import { pinnedVersions, standIns } from './versions.ts';

const files = readFiles(fileURLToPath(new URL('../..', import.meta.url)), planInputs());

describe('pinnedVersions', () => {
  it('finds every version in its lock file', () => {
    const versions = pinnedVersions(files, { couchdb: 'compatible', mongo: 'compatible' });
    for (const version of Object.values(versions)) expect(version).toMatch(/\w/);
    expect(versions.kafka).toMatch(/^\d+\.\d+\.\d+$/);
    expect(versions.zookeeper).toMatch(/^\d+\.\d+\.\d+$/);
    expect(versions.mongo).toMatch(/^FerretDB \d/);
  });

  it('names the file that lacks one', () => {
    expect(() => pinnedVersions(new Map(), { couchdb: 'official', mongo: 'official' })).toThrow(
      'fixtures/images/fabric-ca/go.mod: expected a version',
    );
  });
});

describe('standIns', () => {
  it('is honest about what is not the original', () => {
    const versions = { couchdb: 'c', mongo: 'm' };
    expect(standIns({ couchdb: 'official', mongo: 'official' }, versions)).toEqual({});
    expect(standIns({ couchdb: 'compatible', mongo: 'official' }, versions)).toEqual({
      couchdb: 'c',
    });
    expect(standIns({ couchdb: 'official', mongo: 'compatible' }, versions)).toEqual({
      mongo: 'm with SQLite',
    });
  });
});

describe('candidates', () => {
  it('prefers originals, and keeps to what was chosen', () => {
    expect(candidates('auto', 'compatible')).toEqual([
      { couchdb: 'official', mongo: 'compatible' },
      { couchdb: 'compatible', mongo: 'compatible' },
    ]);
    expect(candidates('official', 'official')).toHaveLength(1);
    expect(candidates('auto', 'auto')).toHaveLength(4);
  });
});
