import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import { managerOf } from '../components.ts';
import { deploymentOf } from '../deployment.ts';
import type { Network } from '../port.ts';
import { type ExportedFile, exportFiles } from './export-files.ts';
import { type InspectedService, stackFile } from './stack-file.ts';

/** What the stock command line wants to find, from the image of the peers. */
const PEER_CONFIGURATION = '/etc/hyperledger/fabric/core.yaml';

/**
 * Writes all that programs outside need to talk to a network: identities, profiles, environment, the stack.
 *
 * @param folder absolute; what an earlier export left in it is replaced
 * @throws Error for a network that the harness has not made, or whose manager does not answer
 */
export async function writeExport(network: Network, folder: string): Promise<void> {
  const deployment = deploymentOf(network, 'export');
  const files: ExportedFile[] = [
    ...exportFiles(deployment, folder),
    ...(await stackFiles(network)),
    { path: 'config/core.yaml', content: await peerConfiguration(network) },
  ];
  for (const part of ['organisations', 'orderers', 'wallet', 'profiles', 'stack', 'config']) {
    rmSync(path.join(folder, part), { recursive: true, force: true });
  }
  for (const { path: relative, content, secret } of files) {
    const file = path.join(folder, relative);
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
    // Whoever could read the old file could read what is written into it.
    if (secret) rmSync(file, { force: true });
    writeFileSync(file, content, { mode: secret ? 0o600 : 0o644 });
  }
}

async function stackFiles(network: Network): Promise<ExportedFile[]> {
  const { docker } = await managerOf(network);
  const services = (await docker.listServices()).filter(
    ({ Spec }) => Spec?.Labels?.[COMPONENT_LABEL] !== undefined,
  ) as unknown as InspectedService[];
  const configs = await docker.listConfigs();
  return [
    { path: 'stack/stack.yaml', content: stackFile(services, network.topology.network) },
    ...configs.map(({ Spec }) => ({
      path: `stack/configs/${Spec?.Name}`,
      content: Buffer.from(String(Spec?.Data ?? ''), 'base64').toString('utf8'),
    })),
  ];
}

async function peerConfiguration(network: Network): Promise<string> {
  const [peer] = network.topology.organisations.flatMap(({ peers }) => peers);
  if (!peer) throw new Error('topology: expected a peer, seen none');
  const { machine, container } = network.component(peer.name);
  const facts = await container();
  if (!facts) throw new Error(`${peer.name}: expected a container, seen none`);
  return machine.execOk(['docker', 'exec', facts.id, 'cat', PEER_CONFIGURATION]);
}
