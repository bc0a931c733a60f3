import { z } from 'zod';
import { ORDERING_SECTIONS, ORDERING_TYPES, PORTS, SECTIONS } from './services/index.ts';
import { FABRIC_RELEASES } from './services/needs.ts';
import { component, count, duration, machine, name, port, size } from './values.ts';

/**
 * The shape of a topology file. One file under `fixtures/network/` describes a whole network; crypto material,
 * channel configuration, services and connection profiles are derived from it, so nothing stands in two places.
 *
 * This file says what a single value may be; `checks.ts` says how values must fit each other.
 */

const domain = name(
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/,
  'a domain name, e.g. org1.example.com',
);
/** What the text form of a policy can name (Fabric's `common/policydsl/policyparser.go`, `regex`). */
const mspId = name(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'an MSP id, e.g. Org1MSP');
/** A group of the channel's configuration (`common/configtx/validator.go`, `configAllowedChars`). */
const organisationName = name(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'an organisation name, e.g. Org1');
/** Pattern and length from `common/configtx/validator.go` (`channelAllowedChars`, `maxLength`). */
const channelName = z
  .string()
  .max(249)
  .regex(/^[a-z][a-z0-9.-]*$/, {
    error: 'a channel name: a lower-case letter, then lower-case letters, digits, dots or dashes',
  });
/** Chaincodes whose source lies under `fixtures/chaincode/`; their images are built with the network's. */
export const BUILT_IN_CHAINCODES: readonly string[] = ['bank'];

/** Also the start of service names, hence the narrow alphabet. */
const chaincodeName = name(
  /^[a-z][a-z0-9-]{0,29}$/,
  'a chaincode name: a lower-case letter, then letters, digits or hyphens, at most 30',
);

/** The TCP ports that a component listens on, by kind and port name; the file maps them to ports of its machine. */
export const CONTAINER_PORTS = {
  ...PORTS,
  orderer: { general: 7050, operations: 8443, admin: 9444 },
  peer: { peer: 7051, operations: 9443 },
  couchdb: { http: 5984 },
  ca: { server: 7054 },
  mongo: { mongodb: 27_017 },
  'mongo-express': { http: 8081 },
  api: { http: 4000 },
} as const;

export type PublishedKind = keyof typeof CONTAINER_PORTS;

const ordering = z.strictObject({
  type: z.enum(ORDERING_TYPES).default('kafka'),
  /** The release of orderers and peers. */
  fabric: z.enum(FABRIC_RELEASES).default('2.5.9'),
  organisation: z.strictObject({ name: organisationName, mspId, domain }),
  /** Where channels are made by a transaction on it, if they are. */
  systemChannel: channelName.optional(),
  ...ORDERING_SECTIONS,
  batch: z.strictObject({
    timeout: duration,
    maxMessageCount: count,
    absoluteMaxBytes: size,
    preferredMaxBytes: size,
  }),
  orderers: z
    .array(
      z.strictObject({
        ...component(CONTAINER_PORTS.orderer),
        /** `admin` is where orderers are told of channels; some learn of them from the system channel instead. */
        ports: z.strictObject({ general: port, operations: port, admin: port.optional() }),
      }),
    )
    .min(1),
});

const peer = z.strictObject({
  ...component(CONTAINER_PORTS.peer),
  anchor: z.boolean().default(false),
  couchdb: z.strictObject(component(CONTAINER_PORTS.couchdb)),
});

const organisation = z.strictObject({
  name: organisationName,
  mspId,
  domain,
  ca: z.strictObject(component(CONTAINER_PORTS.ca)),
  peers: z.array(peer).min(1),
});

export const topologySchema = z.strictObject({
  name: name(/^[a-z][a-z0-9-]*$/, 'a name in lower case, e.g. article'),
  /** The attachable overlay network. */
  network: name(/^[a-z][a-z0-9_-]*$/, 'a network name in lower case, e.g. fabric_net'),
  machines: z
    .array(z.strictObject({ number: machine, role: z.enum(['manager', 'worker']) }))
    .min(1),
  ...SECTIONS,
  ordering,
  organisations: z.array(organisation).min(1),
  chaincodes: z
    .array(
      z.strictObject({
        name: chaincodeName,
        version: name(/^[A-Za-z0-9_.+-]+$/, 'a version, e.g. 1.0'),
        sequence: count.default(1),
        /** Folder, relative to the file, or image of a chaincode that is not built in. */
        source: z.string().min(1).optional(),
        /** Signature policy, or path of a policy of the channel; a majority of its organisations unless told. */
        endorsement: z.string().min(1).optional(),
        /** Whether the chaincode must be initialised by a call of its own first. */
        initRequired: z.boolean().optional(),
        /** File of collections, relative to this one; `collections_config.json` in the source unless told. */
        collections: z.string().min(1).optional(),
      }),
    )
    .min(1),
  channels: z
    .array(
      z.strictObject({
        name: channelName,
        organisations: z.array(organisationName).min(1),
        chaincodes: z.array(z.string()),
      }),
    )
    .min(1),
  application: z.strictObject({
    mongo: z.strictObject(component(CONTAINER_PORTS.mongo)),
    mongoExpress: z.strictObject(component(CONTAINER_PORTS['mongo-express'])),
    api: z.strictObject({
      ...component(CONTAINER_PORTS.api),
      /** Further processes of the same server, each with a name of its own and the first one's name on the overlay. */
      replicas: z.array(z.strictObject(component(CONTAINER_PORTS.api))).default([]),
    }),
  }),
});

/** The keys that may stand in the mapping at a path of a topology file; none if there can be no mapping. */
export function keysAt(path: readonly (string | number)[]): string[] {
  let schema: unknown = topologySchema;
  const plain = (wrapped: unknown): unknown =>
    wrapped instanceof z.ZodOptional || wrapped instanceof z.ZodDefault
      ? plain(wrapped.unwrap())
      : wrapped;
  for (const key of path) {
    schema = plain(schema);
    if (schema instanceof z.ZodObject) {
      schema = (schema.shape as Record<string, unknown>)[key];
    } else if (schema instanceof z.ZodArray) {
      schema = schema.element;
    } else {
      return [];
    }
  }
  schema = plain(schema);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

type DeepReadonly<T> = T extends (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** A validated network. Sizes are bytes, durations milliseconds. */
export type Topology = DeepReadonly<z.output<typeof topologySchema>>;
export type Machine = Topology['machines'][number];
export type Orderer = Topology['ordering']['orderers'][number];
export type Organisation = Topology['organisations'][number];
export type Peer = Organisation['peers'][number];
export type Channel = Topology['channels'][number];
export type Chaincode = Topology['chaincodes'][number];
