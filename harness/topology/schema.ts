import { z } from 'zod';

/**
 * The shape of a topology file. One file under `fixtures/network/` describes a whole network; crypto material,
 * channel configuration, services and connection profiles are derived from it, so nothing stands in two places.
 *
 * This file says what a single value may be; `checks.ts` says how values must fit each other.
 */

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m)$/;
const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };
/**
 * Fabric's own files write `98 MB` or `512 KB` and mean powers of 1024 (`common/viperutil/config_util.go`,
 * byteSizeDecodeHook: k, m or g with or without b, in any case).
 */
const SIZE = /^(\d+)\s*(?:([kmg])(?:i?b)?|b)?$/i;
const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Milliseconds of a duration such as `2s`, or `undefined` if the value is none or zero. */
export function parseDuration(value: unknown): number | undefined {
  const duration =
    typeof value === 'string' ? parseQuantity(DURATION, DURATIONS, value) : undefined;
  return duration === 0 ? undefined : duration;
}

/** Bytes of a size such as `512 KiB`, `98 MB` (as Fabric means it: 98 MiB) or `1048576`, or `undefined` if the value is none. */
export function parseSize(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  }
  const size = typeof value === 'string' ? parseQuantity(SIZE, SIZES, value) : undefined;
  return size === 0 ? undefined : size;
}

function parseQuantity(
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
  text: string,
): number | undefined {
  const [, amount, unit = ''] = pattern.exec(text.trim()) ?? [];
  const value = Number(amount) * (units[unit.toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(Math.round(value)) ? value : undefined;
}

function quantity(parse: (value: unknown) => number | undefined, expected: string) {
  return z.union([z.string(), z.number()], { error: expected }).transform((value, context) => {
    const parsed = parse(value);
    if (parsed === undefined) {
      context.issues.push({ code: 'custom', message: expected, input: value });
      return z.NEVER;
    }
    return parsed;
  });
}

const duration = quantity(parseDuration, 'a duration such as 250ms, 2s or 5m');
const size = quantity(parseSize, 'a size such as 512 KB, 98 MiB or a number of bytes');
const count = z.int().positive();
const port = z.int().min(1).max(65_535);
/** A machine's number is part of its address, 10.213.x.(10 + number). */
const machine = z.int().min(1).max(200);

const name = (pattern: RegExp, expected: string) =>
  z.string().max(50).regex(pattern, { error: expected });

/** Component names are DNS names on the overlay and parts of Swarm object names, hence the narrow alphabet. */
const componentName = name(
  /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/,
  'a DNS name in lower case, e.g. peer0.org1',
);
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
  zookeeper: { client: 2181 },
  kafka: { external: 19_092 },
  orderer: { general: 7050, operations: 8443, admin: 9444 },
  peer: { peer: 7051, operations: 9443 },
  couchdb: { http: 5984 },
  ca: { server: 7054 },
  mongo: { mongodb: 27_017 },
  'mongo-express': { http: 8081 },
  api: { http: 4000 },
} as const;

export type PublishedKind = keyof typeof CONTAINER_PORTS;

function component<K extends PublishedKind>(kind: K) {
  const names = Object.keys(CONTAINER_PORTS[kind]) as (keyof (typeof CONTAINER_PORTS)[K])[];
  const ports = Object.fromEntries(names.map((key) => [key, port]));
  return {
    name: componentName,
    machine,
    ports: z.strictObject(ports as Record<keyof (typeof CONTAINER_PORTS)[K], typeof port>),
  };
}

const zookeeper = z.strictObject({
  ensemble: z.array(z.strictObject({ ...component('zookeeper'), id: z.int().min(1).max(255) })),
});

const kafka = z.strictObject({
  replicationFactor: count,
  minInsyncReplicas: count,
  uncleanLeaderElection: z.boolean(),
  /** Tells brokers their machine, so that Kafka puts a partition's replicas on different machines where it can. */
  rackAwareness: z.boolean(),
  /** Milliseconds; -1 keeps every record, which a Kafka-ordered channel needs. */
  retentionMs: z.int().min(-1),
  messageMaxBytes: size,
  replicaFetchMaxBytes: size,
  socketRequestMaxBytes: size,
  zookeeperSessionTimeout: duration,
  replicaLagTimeMax: duration,
  brokers: z.array(z.strictObject({ ...component('kafka'), id: z.int().min(0) })).min(1),
});

/** Fabric's defaults (`sampleconfig/configtx.yaml`), unless the file says otherwise. */
const raft = z.strictObject({
  tickInterval: duration.default(500),
  /** Ticks without a word from the leader after which a follower stands for election. */
  electionTick: count.default(10),
  heartbeatTick: count.default(1),
  maxInflightBlocks: count.default(5),
  snapshotInterval: size.default(16 * 1024 * 1024),
});

/** Fabric's defaults (SmartBFT's `DefaultConfig`), unless the file says otherwise. */
const bft = z.strictObject({
  batchInterval: duration.default(50),
  requestPoolSize: count.default(400),
  requestForwardTimeout: duration.default(2_000),
  requestComplainTimeout: duration.default(20_000),
  requestAutoRemoveTimeout: duration.default(180_000),
  leaderHeartbeatTimeout: duration.default(60_000),
  viewChangeTimeout: duration.default(20_000),
  viewChangeResendInterval: duration.default(5_000),
});

/** How orderers may agree. */
export const ORDERING_TYPES = ['kafka', 'raft', 'bft'] as const;
export type OrderingType = (typeof ORDERING_TYPES)[number];

/** Releases of Fabric for which an image can be built. */
export const FABRIC_RELEASES = ['2.5.9', '3.1.1'] as const;
export type FabricRelease = (typeof FABRIC_RELEASES)[number];

const ordering = z.strictObject({
  type: z.enum(ORDERING_TYPES).default('kafka'),
  /** The release of orderers and peers. */
  fabric: z.enum(FABRIC_RELEASES).default('2.5.9'),
  organisation: z.strictObject({ name: organisationName, mspId, domain }),
  /** Where channels are made by a transaction on it: Kafka only. */
  systemChannel: channelName.optional(),
  raft: raft.optional(),
  bft: bft.optional(),
  batch: z.strictObject({
    timeout: duration,
    maxMessageCount: count,
    absoluteMaxBytes: size,
    preferredMaxBytes: size,
  }),
  orderers: z
    .array(
      z.strictObject({
        ...component('orderer'),
        /** `admin` is where orderers are told of channels; those on Kafka learn of them from the system channel. */
        ports: z.strictObject({ general: port, operations: port, admin: port.optional() }),
      }),
    )
    .min(1),
});

const peer = z.strictObject({
  ...component('peer'),
  anchor: z.boolean().default(false),
  couchdb: z.strictObject(component('couchdb')),
});

const organisation = z.strictObject({
  name: organisationName,
  mspId,
  domain,
  ca: z.strictObject(component('ca')),
  peers: z.array(peer).min(1),
});

export const topologySchema = z.strictObject({
  name: name(/^[a-z][a-z0-9-]*$/, 'a name in lower case, e.g. article'),
  /** The attachable overlay network. */
  network: name(/^[a-z][a-z0-9_-]*$/, 'a network name in lower case, e.g. fabric_net'),
  machines: z
    .array(z.strictObject({ number: machine, role: z.enum(['manager', 'worker']) }))
    .min(1),
  zookeeper: zookeeper.optional(),
  kafka: kafka.optional(),
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
    mongo: z.strictObject(component('mongo')),
    mongoExpress: z.strictObject(component('mongo-express')),
    api: z.strictObject({
      ...component('api'),
      /** Further processes of the same server, each with a name of its own and the first one's name on the overlay. */
      replicas: z.array(z.strictObject(component('api'))).default([]),
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
export type ZooKeeperNode = NonNullable<Topology['zookeeper']>['ensemble'][number];
export type Broker = NonNullable<Topology['kafka']>['brokers'][number];
export type Orderer = Topology['ordering']['orderers'][number];
export type Organisation = Topology['organisations'][number];
export type Peer = Organisation['peers'][number];
export type Channel = Topology['channels'][number];
export type Chaincode = Topology['chaincodes'][number];
