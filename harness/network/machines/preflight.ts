import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { projectFolder } from '../../base/project.ts';
import type { Settings } from '../../base/settings.ts';
import { dataFolders, freeGigabytes } from '../../engine/disk.ts';
import { type Engine, findEngine } from '../../engine/engine.ts';
import { loadTopology } from '../../topology/load.ts';
import type { Topology } from '../../topology/schema.ts';
import { definitionsOf } from '../chaincode/definition.ts';
import {
  type OwnChaincode,
  ownChaincodesOf,
  withOwnChaincodes,
} from '../chaincode/own-chaincode.ts';
import { findNetwork } from './network.ts';

/**
 * Everything that can be wrong with the input is found here, before anything is started.
 *
 * @param options `running: 'fine'` for commands that only use a network which runs: it needs no disk, and has its port
 * @throws UsageError, or TopologyError which has the same exit code
 */
export async function preflight(
  settings: Settings,
  options: { readonly running?: 'fine'; readonly ownChaincodes?: readonly OwnChaincode[] } = {},
): Promise<Topology> {
  const topology = loadTopology(topologyFile(settings.topology));
  const chaincodes = chaincodesOf(settings, topology, options.ownChaincodes);
  definitionsOf(withOwnChaincodes(topology, chaincodes), chaincodes);
  const problems: string[] = [];
  const engine = await findEngine(process.env);
  const folders = (await dataFolders(settings, engine)).map(({ folder }) => folder);
  for (const folder of new Set(folders)) {
    const free = await freeGigabytes(folder);
    if (free < settings.minFreeDiskGb) {
      problems.push(
        `disk: expected ${settings.minFreeDiskGb} GiB free at ${folder} (HARNESS_MIN_FREE_DISK_GB), ` +
          `seen ${free.toFixed(1)} GiB`,
      );
    }
  }
  if (settings.apiPort !== undefined && !(await portIsFree(settings.apiPort))) {
    problems.push(
      `HARNESS_API_PORT: expected a free port on 127.0.0.1, seen ${settings.apiPort} in use; ` +
        'choose another or leave it unset',
    );
  }
  if (settings.apiArticle && engine && !engine.host.startsWith('unix://')) {
    problems.push(
      `HARNESS_API_ARTICLE: expected an engine on this host, seen ${engine.host}; ` +
        'whoever reaches 127.0.0.1 there would be an admin of the network',
    );
  }
  if (problems.length === 0 || (options.running === 'fine' && (await runs(settings, engine)))) {
    return topology;
  }
  throw new UsageError(problems);
}

async function runs(settings: Settings, engine: Engine | undefined): Promise<boolean> {
  const found = engine && (await findNetwork(engine.docker, settings.name));
  return found !== undefined && found !== 'incomplete';
}

/** The users' chaincodes: those of the topology file, and those of the command line. */
export function chaincodesOf(
  settings: Settings,
  topology: Topology,
  own: readonly OwnChaincode[] = [],
): OwnChaincode[] {
  const folder = path.dirname(topologyFile(settings.topology));
  return [...ownChaincodesOf(topology, folder), ...own];
}

/** A name means a file of fixtures/network; anything with a slash or an ending is a path. */
export function topologyFile(topology: string): string {
  if (/[/.]/.test(topology)) return path.resolve(topology);
  const folder = path.join(projectFolder, 'fixtures/network');
  const file = path.join(folder, `${topology}.yaml`);
  if (!existsSync(file)) {
    const names = readdirSync(folder).map((name) => path.basename(name, '.yaml'));
    throw new UsageError([
      `HARNESS_TOPOLOGY: expected ${names.sort().join(', ')} or the path of a YAML file, seen "${topology}"`,
    ]);
  }
  return path.relative(process.cwd(), file);
}

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
