import { chaincodeServiceName } from './components.ts';
import { checkOrdering, checkOrderingValues } from './ordering-checks.ts';
import { type Problem, renderValue } from './problems.ts';
import { duplicates, isMapping, type Path, type RawComponent, RawFile } from './raw-file.ts';
import { BUILT_IN_CHAINCODES } from './schema.ts';
import { LISTS } from './services/index.ts';

/**
 * How the values of a topology must fit each other. The checks read the file's plain data, not the parsed result,
 * so that they also run (on what is there) when another part of the file is malformed: a user sees all problems at
 * once. A value of a wrong type is none of their business; the schema reports it.
 */

/** Ports that Swarm itself uses on every machine: cluster management, gossip, overlay data. */
const SWARM_PORTS: ReadonlySet<number> = new Set([2377, 4789, 7946]);

/** Docker's advice; more make the Swarm slower, not safer (docs.docker.com, "Administer and maintain a swarm"). */
const MOST_MANAGERS = 7;

/** Longest name of a Swarm service, which is a DNS label. */
const SERVICE_NAME = 63;

/** Every contradiction between values of the file. Pure; never throws. */
export function crossCheck(data: unknown): Problem[] {
  const file = new RawFile(data);
  return [
    ...checkMachines(file),
    ...checkComponents(file),
    ...checkServiceNames(file),
    ...checkOrdering(file),
    ...checkOrderingValues(file),
    ...checkOrganisations(file),
    ...checkChaincodes(file),
    ...checkChannels(file),
  ];
}

function checkMachines(file: RawFile): Problem[] {
  const machines = file.entries('machines');
  const numbers = machines.map((path) => [...path, 'number']);
  const roles = machines.map((path) => file.at(...path, 'role'));
  const findings = duplicates(file, numbers, 'machine number', () => 'another machine');
  const managers = roles.filter((role) => role === 'manager').length;
  if (managers > MOST_MANAGERS) {
    findings.push({
      path: ['machines'],
      expected: `at most ${MOST_MANAGERS} managers, each of which must hear of every change`,
      seen: String(managers),
    });
  }
  if (machines.length > 0 && !roles.includes('manager') && roles.every((r) => r === 'worker')) {
    findings.push({
      path: ['machines'],
      expected: 'at least one machine with role manager',
      seen: 'workers only',
    });
  }
  return findings;
}

function componentsIn(file: RawFile): RawComponent[] {
  const peers = file.entries('organisations').flatMap((path) => file.entries(...path, 'peers'));
  const paths: Path[] = [
    ...LISTS.flatMap(({ path }) => file.entries(...path)),
    ...file.entries('ordering', 'orderers'),
    ...file.entries('organisations').map((path) => [...path, 'ca']),
    ...peers,
    ...peers.map((path) => [...path, 'couchdb']),
    ['application', 'mongo'],
    ['application', 'mongoExpress'],
    ['application', 'api'],
    ...file.entries('application', 'api', 'replicas'),
  ];
  return paths.map((path) => file.component(path));
}

function checkComponents(file: RawFile): Problem[] {
  const components = componentsIn(file);
  const machines = file.entries('machines').map((path) => file.at(...path, 'number'));
  const names = components.map(({ path }) => [...path, 'name']);
  const findings = duplicates(
    file,
    names,
    'component name',
    () => 'another component',
    // Swarm's service names have no dots, so peer0.org1 and peer0-org1 would be one.
    (name) => (typeof name === 'string' ? name.replaceAll('.', '-') : name),
  );
  const taken = new Map<string, string>();
  for (const { path, name, machine, ports } of components) {
    if (typeof machine !== 'number') {
      continue;
    }
    if (machines.length > 0 && !machines.includes(machine)) {
      findings.push({
        path: [...path, 'machine'],
        expected: `one of the machines ${machines.join(', ')}`,
        seen: renderValue(machine),
      });
    }
    for (const [key, port] of Object.entries(isMapping(ports) ? ports : {})) {
      if (typeof port !== 'number') {
        continue;
      }
      const place = `${machine}:${port}`;
      const owner = SWARM_PORTS.has(port) ? 'Swarm' : taken.get(place);
      if (owner !== undefined) {
        findings.push({
          path: [...path, 'ports', key],
          expected: `a port that is free on machine ${machine}`,
          seen: `${port}, which is ${owner}'s`,
        });
      }
      taken.set(place, String(name));
    }
  }
  return findings;
}

/** The chaincode server beside a peer has both names in its own, which Swarm limits. */
function checkServiceNames(file: RawFile): Problem[] {
  const peers = file.entries('organisations').flatMap((path) => file.entries(...path, 'peers'));
  const nameOf = (path: Path) => {
    const name = file.at(...path, 'name');
    return typeof name === 'string' ? name : '';
  };
  const longest = (paths: readonly Path[]) =>
    paths.toSorted((a, b) => nameOf(b).length - nameOf(a).length)[0];
  const peer = longest(peers);
  const chaincode = longest(file.entries('chaincodes'));
  if (!peer || !chaincode) return [];
  const name = chaincodeServiceName(nameOf(chaincode), nameOf(peer));
  if (name.length <= SERVICE_NAME) return [];
  return [
    {
      path: [...peer, 'name'],
      expected: `a name short enough for the chaincode server ${name}: at most ${SERVICE_NAME} characters with both names and a dot`,
      seen: `${name.length} characters`,
    },
  ];
}

function checkOrganisations(file: RawFile): Problem[] {
  const organisations: Path[] = [['ordering', 'organisation'], ...file.entries('organisations')];
  const label = (path: Path) => String(file.at(...path.slice(0, -1), 'name'));
  const all = (key: string) => organisations.map((path) => [...path, key]);
  const unanchored = file.entries('organisations').flatMap((path): Problem[] => {
    const peers = file.entries(...path, 'peers');
    const anchors = peers.filter((peer) => file.at(...peer, 'anchor') === true);
    return peers.length === 0 || anchors.length > 0
      ? []
      : [
          {
            path: [...path, 'peers'],
            expected: 'at least one peer with anchor: true, by which other organisations find it',
            seen: 'none',
          },
        ];
  });
  return [
    ...unanchored,
    ...duplicates(file, all('name'), 'organisation name', () => 'another organisation'),
    ...duplicates(file, all('mspId'), 'MSP id', label),
    ...duplicates(file, all('domain'), 'domain', label),
  ];
}

function checkChaincodes(file: RawFile): Problem[] {
  return file.entries('chaincodes').flatMap((path): Problem[] => {
    const name = file.at(...path, 'name');
    if (typeof name !== 'string') return [];
    const builtIn = BUILT_IN_CHAINCODES.includes(name);
    const given = file.at(...path, 'source') !== undefined;
    if (builtIn !== given) return [];
    return [
      {
        path: [...path, 'name'],
        expected: given
          ? `a name other than ${BUILT_IN_CHAINCODES.join(', ')}, which the harness builds`
          : `${BUILT_IN_CHAINCODES.map((known) => `"${known}"`).join(', ')}, or a source: a folder or an image`,
        seen: renderValue(name),
      },
    ];
  });
}

function checkChannels(file: RawFile): Problem[] {
  const channels = file.entries('channels');
  const names: Path[] = [
    ['ordering', 'systemChannel'],
    ...channels.map((path) => [...path, 'name']),
  ];
  const chaincodes = file.entries('chaincodes').map((path) => [...path, 'name']);
  const findings = [
    ...duplicates(file, names, 'channel name', () => 'another channel'),
    ...duplicates(file, chaincodes, 'chaincode name', () => 'another chaincode'),
  ];
  const uses = channels.flatMap((channel) => file.entries(...channel, 'chaincodes'));
  if (channels.length > 0 && uses.length === 0) {
    findings.push({
      path: ['channels'],
      expected: 'a channel with a chaincode, for the first transfer',
      seen: 'none',
    });
  }
  for (const channel of channels) {
    for (const kind of ['organisations', 'chaincodes'] as const) {
      const known = file.entries(kind).map((path) => file.at(...path, 'name'));
      for (const path of file.entries(...channel, kind)) {
        const value = file.at(...path);
        if (known.length > 0 && typeof value === 'string' && !known.includes(value)) {
          findings.push({
            path,
            expected: `one of the file's ${kind}: ${known.join(', ')}`,
            seen: renderValue(value),
          });
        }
      }
    }
  }
  return findings;
}
