import { existsSync, readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { UsageError } from '../../base/errors.ts';
import { PLACEMENT_LABEL } from '../../swarm/cluster.ts';

/** A node of a swarm, as its manager tells it. */
export interface SwarmNode {
  readonly id: string;
  readonly hostname: string;
  /** Under which the others reach it. */
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `ready`, `down`, … and `active`, `drain`, …. */
  readonly state: string;
  readonly availability: string;
  readonly manager: boolean;
}

/** What a file of hosts says of one machine. */
export interface HostEntry {
  /** Host name or id of the swarm's node. */
  readonly node: string;
  /** How its engine is reached, as DOCKER_HOST has it. */
  readonly engine?: string | undefined;
  /** Where this process reaches its ports, e.g. a public address; that of the swarm unless told. */
  readonly address?: string | undefined;
  /** Shell lines of the user's that take the host's power away and give it back. */
  readonly power?: { readonly off: string; readonly on: string } | undefined;
}

export type HostsFile = ReadonlyMap<number, HostEntry>;

/** A node that is a machine of the network, and how it is reached. */
export interface Place {
  readonly number: number;
  readonly node: SwarmNode;
  /** As DOCKER_HOST has it. */
  readonly engine: string;
  readonly address: string;
  readonly power?: HostEntry['power'];
}

const fileSchema = z.record(
  z.string().regex(/^[1-9]\d*$/, 'the number of a machine'),
  z.strictObject({
    node: z.string().min(1),
    engine: z
      .string()
      .regex(/^(ssh|tcp|unix):\/\//, 'ssh://, tcp:// or unix://')
      .optional(),
    address: z.string().min(1).optional(),
    power: z.strictObject({ off: z.string().min(1), on: z.string().min(1) }).optional(),
  }),
);

/**
 * Reads a file of hosts.
 *
 * @throws UsageError naming the file, the key, what was expected and what was seen
 */
export function readHostsFile(file: string): HostsFile {
  if (!existsSync(file))
    throw new UsageError([`HARNESS_HOSTS: expected a file, seen none: ${file}`]);
  let content: unknown;
  try {
    content = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UsageError([`${file}: expected YAML: ${error.message.split('\n')[0]}`]);
  }
  const parsed = fileSchema.safeParse(content ?? {});
  if (!parsed.success) {
    throw new UsageError(
      parsed.error.issues.map(
        ({ path, message }) => `${file}: ${path.join('.') || 'file'}: ${message}`,
      ),
    );
  }
  return new Map(Object.entries(parsed.data).map(([number, entry]) => [Number(number), entry]));
}

/** Why a machine has no place. */
export interface Unplaced {
  readonly number: number;
  readonly found: string;
  readonly needed: string;
  readonly fix: string;
}

/**
 * Which node is which machine: as the file says, else by the label `machine=NUMBER` of the nodes.
 *
 * @param numbers of the topology's machines
 * @param manager DOCKER_HOST, and the id of the node that it leads to: the others are reached in the same way, under
 *   their addresses in the swarm
 */
export function placesOf(
  numbers: readonly number[],
  nodes: readonly SwarmNode[],
  file: HostsFile | undefined,
  manager: { readonly host: string; readonly node: string },
): { readonly places: readonly Place[]; readonly unplaced: readonly Unplaced[] } {
  const places: Place[] = [];
  const unplaced: Unplaced[] = [];
  const names = nodes.map(({ hostname }) => hostname).join(', ');
  for (const number of numbers) {
    const entry = file?.get(number);
    const found = file
      ? nodes.filter(({ id, hostname }) => entry && [id, hostname].includes(entry.node))
      : nodes.filter(({ labels }) => labels[PLACEMENT_LABEL] === String(number));
    const [node] = found;
    if (!node || found.length > 1) {
      unplaced.push({ number, ...misplaced(number, found, file, names) });
      continue;
    }
    const taken = places.find((place) => place.node.id === node.id);
    const engine = entry?.engine ?? engineOf(node, manager);
    if (taken || !engine) {
      unplaced.push({
        number,
        found: taken
          ? `${node.hostname}, which is machine ${taken.number} too`
          : `DOCKER_HOST is ${manager.host}, which leads to this host alone`,
        needed: taken ? 'a node for each machine' : `a way to the engine of ${node.hostname}`,
        fix: taken
          ? 'give each machine a node of its own'
          : 'name it in HARNESS_HOSTS (engine: ssh://user@host), or set DOCKER_HOST=ssh://…',
      });
      continue;
    }
    const { address = node.address, power } = entry ?? {};
    places.push({ number, node, engine, address, ...(power && { power }) });
  }
  return { places, unplaced };
}

function misplaced(
  number: number,
  found: readonly SwarmNode[],
  file: HostsFile | undefined,
  names: string,
): Omit<Unplaced, 'number'> {
  if (found.length > 1) {
    return {
      found: found.map(({ hostname }) => hostname).join(', '),
      needed: 'one node',
      fix: 'have each label, and each host name, once',
    };
  }
  if (file) {
    const entry = file.get(number);
    return {
      found: entry ? `no node "${entry.node}" among ${names}` : `no entry ${number}`,
      needed: 'a node of the swarm',
      fix: `in HARNESS_HOSTS: ${number}: { node: HOSTNAME }`,
    };
  }
  return {
    found: `no node with the label ${PLACEMENT_LABEL}=${number} among ${names}`,
    needed: 'a node of the swarm',
    fix: `docker node update --label-add ${PLACEMENT_LABEL}=${number} HOSTNAME`,
  };
}

/** The manager's own way, with another host in it; `undefined` for a socket, which leads nowhere else. */
function engineOf(
  node: SwarmNode,
  { host, node: manager }: { readonly host: string; readonly node: string },
): string | undefined {
  if (node.id === manager) return host;
  const url = new URL(host);
  if (url.protocol === 'unix:') return undefined;
  const user = url.username ? `${url.username}@` : '';
  const address = node.address.includes(':') ? `[${node.address}]` : node.address;
  return `${url.protocol}//${user}${address}${url.port ? `:${url.port}` : ''}`;
}
