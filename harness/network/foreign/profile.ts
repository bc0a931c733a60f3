import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Endpoint, PeerEndpoint } from '../../../fabric-client/types.ts';
import { messageOf, UsageError } from '../../base/errors.ts';
import type { StateServer } from '../state-documents.ts';

/** What a connection profile says of a network that others have made. */
export interface ForeignProfile {
  /** MSP id of the organisation that the profile is for. */
  readonly mspId: string;
  readonly peers: readonly PeerEndpoint[];
  readonly orderers: readonly Endpoint[];
  /** By the peer's name. */
  readonly databases: ReadonlyMap<string, StateServer>;
  /** Names of channels, where it has any. */
  readonly channels: readonly string[];
}

const node = z.object({
  url: z.string(),
  tlsCACerts: z
    .object({
      pem: z.union([z.string(), z.array(z.string())]).optional(),
      path: z.string().optional(),
    })
    .optional(),
  grpcOptions: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  'x-couchdb': z.string().optional(),
});
type Node = z.infer<typeof node>;

const schema = z.object({
  client: z.object({ organization: z.string().optional() }).optional(),
  organizations: z.record(
    z.string(),
    z.object({ mspid: z.string(), peers: z.array(z.string()).optional() }),
  ),
  peers: z.record(z.string(), node),
  orderers: z.record(z.string(), node).optional(),
  channels: z.record(z.string(), z.unknown()).optional(),
});

/**
 * Reads a common connection profile, JSON or YAML, as Fabric's samples, Fablo and `harness export` write it. A peer's
 * `x-couchdb: http://user:password@host:port` is the harness's own addition.
 *
 * @throws UsageError saying which part is missing or wrong
 */
export function readProfile(file: string): ForeignProfile {
  const fail = (...problems: readonly string[]): never => {
    throw new UsageError(problems.map((problem) => `connection profile ${file}: ${problem}`));
  };
  let raw: unknown;
  try {
    raw = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return fail(`expected JSON or YAML, seen: ${messageOf(error).split('\n')[0]}`);
  }
  const read = schema.safeParse(raw);
  if (!read.success) {
    return fail(
      ...read.error.issues.map(
        ({ path: at, message }) => `${at.join('.') || 'the whole'}: ${message}`,
      ),
    );
  }
  const { client, organizations, peers, orderers = {}, channels = {} } = read.data;
  const entries = Object.entries(organizations);
  const own =
    client?.organization === undefined
      ? entries.find(([, { peers: some }]) => (some?.length ?? 0) > 0)?.[1]
      : organizations[client.organization];
  if (!own) {
    return fail(
      client?.organization === undefined
        ? 'organizations: expected one with peers, seen none'
        : `client.organization: expected one of ${Object.keys(organizations).join(', ')}, seen ${client.organization}`,
    );
  }
  const endpoint = (name: string, where: Node): Endpoint => {
    try {
      return endpointOf(name, where, path.dirname(file));
    } catch (error) {
      return fail(`${name}: ${messageOf(error)}`);
    }
  };
  const databases = new Map<string, StateServer>();
  const listed = Object.entries(peers).map(([name, where]): PeerEndpoint => {
    const owner = entries.find(([, { peers: some }]) => some?.includes(name))?.[1];
    if (!owner) return fail(`peers.${name}: expected an organisation that lists it, seen none`);
    const { 'x-couchdb': couchdb } = where;
    if (couchdb !== undefined) databases.set(name, stateServer(`peers.${name}.x-couchdb`, couchdb));
    return { ...endpoint(name, where), mspId: owner.mspid };
  });
  if (listed.length === 0) return fail('peers: expected at least one, seen none');
  return {
    mspId: own.mspid,
    peers: listed,
    orderers: Object.entries(orderers).map(([name, where]) => endpoint(name, where)),
    databases,
    channels: Object.keys(channels).filter((name) => name !== '_default'),
  };
}

/**
 * A profile with databases that it does not name itself.
 *
 * @param given `peer=url` each
 * @throws UsageError for a peer that the profile does not have, or an address that is none
 */
export function withDatabases(profile: ForeignProfile, given: readonly string[]): ForeignProfile {
  const databases = new Map(profile.databases);
  for (const text of given) {
    const [peer = '', url = ''] = text.split(/=(.*)/s);
    if (!profile.peers.some(({ name }) => name === peer)) {
      throw new UsageError([
        `--couchdb ${peer}: expected one of ${profile.peers.map(({ name }) => name).join(', ')}`,
      ]);
    }
    databases.set(peer, stateServer(`--couchdb ${peer}`, url));
  }
  return { ...profile, databases };
}

/**
 * A CouchDB out of its address with name and password.
 *
 * @param what is named where it is wrong
 * @throws UsageError
 */
export function stateServer(what: string, text: string): StateServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError([
      `${what}: expected http://user:password@host:port, seen no such address`,
    ]);
  }
  return {
    url: url.origin,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

/** @throws Error saying what is wrong with it */
function endpointOf(name: string, { url, tlsCACerts, grpcOptions = {} }: Node, folder: string) {
  const match = /^(grpcs?):\/\/([^/]+:\d+)\/?$/.exec(url);
  if (!match) throw new Error(`url: expected grpcs://host:port, seen ${url}`);
  const [, scheme, address = ''] = match;
  if (scheme === 'grpc') return { name, address };
  const { pem, path: file } = tlsCACerts ?? {};
  const certificate = pem !== undefined ? [pem].flat().join('\n') : readAuthority(file, folder);
  const override = grpcOptions['ssl-target-name-override'] ?? grpcOptions['hostnameOverride'];
  return {
    name,
    address,
    tlsCaPem: certificate,
    ...(override !== undefined && { tlsServerName: String(override) }),
  };
}

function readAuthority(file: string | undefined, folder: string): string {
  if (file === undefined) throw new Error('tlsCACerts: expected pem or path, seen neither');
  return readFileSync(path.resolve(folder, file), 'utf8');
}
