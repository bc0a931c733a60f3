import { type AnyImageName, type ImageName, NETWORK_IMAGES, type Variants } from './model.ts';

/**
 * What every image is made from. Paths are relative to the repository; folders of images are named like the image.
 * The facts behind it (which package of which registry works, and how it is built) were measured; the versions
 * themselves stand in the lock files beside the Dockerfiles.
 */
export interface Recipe {
  readonly image: AnyImageName;
  /** The image that `FROM $PARENT` names; null for one that starts from nothing. */
  readonly parent: AnyImageName | null;
  /** In which engine it is built. The base is made in the outer one and taken over into the golden volume. */
  readonly place: 'outer' | 'golden';
  /** Names of the host steps whose output is staged into the build's context. */
  readonly steps: readonly StepName[];
  /** An image of a public registry that is taken as it is, instead of all of the above. */
  readonly reference?: string;
}

export type StepName =
  | 'rootfs'
  | 'reaper'
  | 'delay-queue'
  | 'ccaas-builder'
  | 'fabric'
  | 'fabric-3'
  | 'fabric-ca'
  | 'ferretdb'
  | 'jars'
  | 'node-binary'
  | 'npm-couchdb'
  | 'npm-mongo-express'
  | 'npm-bank'
  | 'npm-api';

/** Files and folders that decide a host step's output, and so go into its hash. */
export const STEP_INPUTS: Readonly<Record<StepName, readonly string[]>> = {
  rootfs: ['fixtures/images/base/make-rootfs.sh'],
  reaper: ['fixtures/images/reaper'],
  'delay-queue': ['fixtures/images/node/delay-queue'],
  'ccaas-builder': ['fixtures/images/fabric/ccaas-builder'],
  fabric: ['fixtures/images/fabric/go.mod', 'fixtures/images/fabric/go.sum'],
  'fabric-3': ['fixtures/images/fabric-3/go.mod', 'fixtures/images/fabric-3/go.sum'],
  'fabric-ca': ['fixtures/images/fabric-ca/go.mod', 'fixtures/images/fabric-ca/go.sum'],
  ferretdb: ['fixtures/images/mongo/go.mod', 'fixtures/images/mongo/go.sum'],
  jars: ['fixtures/images/kafka-libs/pom.xml', 'fixtures/images/kafka-libs/jars.lock'],
  'node-binary': [
    'fixtures/images/nodejs/package.json',
    'fixtures/images/nodejs/package-lock.json',
  ],
  'npm-couchdb': ['fixtures/images/couchdb/server'],
  'npm-mongo-express': [
    'fixtures/images/mongo-express/package.json',
    'fixtures/images/mongo-express/package-lock.json',
  ],
  'npm-bank': ['fixtures/chaincode/bank'],
  'npm-api': ['fixtures/api', 'fabric-client'],
};

/** Counts up when the code of a host step changes in a way that changes its output. */
export const STEP_REVISION = 1;

export const DEBIAN_SUITE = 'trixie';
export const OFFICIAL = {
  base: 'debian:trixie-slim',
  couchdb: 'couchdb:3.4.3',
  mongo: 'mongo:7.0.28',
} as const;

/** Fabric's Go module has only pseudo-versions; these are the releases that those in the lock files are tagged with. */
export const FABRIC_RELEASE = { fabric: '2.5.9', 'fabric-3': '3.1.1' } as const;

function built(
  image: AnyImageName,
  parent: AnyImageName | null,
  ...steps: readonly StepName[]
): Recipe {
  return { image, parent, steps, place: 'golden' };
}

/** The recipes of all images for a choice of implementations, parents first. */
export function recipes(variants: Variants): readonly Recipe[] {
  const official = (image: 'couchdb' | 'mongo'): Recipe => ({
    ...built(image, null),
    reference: OFFICIAL[image],
  });
  return [
    { ...built('reaper', null, 'reaper'), place: 'outer' },
    { ...built('base', null, 'rootfs'), place: 'outer' },
    { ...built('node', 'base', 'delay-queue'), place: 'outer' },
    built('jvm', 'base'),
    built('kafka-libs', 'jvm', 'jars'),
    built('nodejs', 'base', 'node-binary'),
    built('fabric', 'base', 'ccaas-builder', 'fabric'),
    ...(variants.fabric3 ? [built('fabric-3', 'base', 'ccaas-builder', 'fabric-3')] : []),
    built('fabric-ca', 'base', 'fabric-ca'),
    built('zookeeper', 'kafka-libs'),
    built('kafka', 'kafka-libs'),
    variants.couchdb === 'official'
      ? official('couchdb')
      : built('couchdb', 'nodejs', 'npm-couchdb'),
    variants.mongo === 'official' ? official('mongo') : built('mongo', 'base', 'ferretdb'),
    built('mongo-express', 'nodejs', 'npm-mongo-express'),
    built('bank', 'nodejs', 'npm-bank'),
    built('api', 'nodejs', 'npm-api'),
  ];
}

export function isNetworkImage(image: AnyImageName): image is ImageName {
  return (NETWORK_IMAGES as readonly string[]).includes(image);
}
