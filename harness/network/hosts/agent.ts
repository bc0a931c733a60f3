import { readFileSync } from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { waitFor } from '../../base/wait.ts';
import { NETWORK_LABEL, ROLE_LABEL } from '../../engine/labels.ts';
import { execIn } from '../../swarm/docker-api.ts';
import { memberLabel } from '../../swarm/scoped-docker.ts';
import type { Host } from './hosts.ts';
import { AGENT, handName, labelsOf } from './names.ts';

const command = (file: string) => readFileSync(path.join(import.meta.dirname, file), 'utf8');

/** What a hand does, with the `docker` that faults have in it. */
const handCommand = () => command('hand.sh').replace('@DOCKER@', () => command('hand-docker.sh'));

/** Milliseconds for the Swarm to start the agent, and for that to start its hand, on every host. */
const START_MS = 60_000;

/**
 * Starts the agent on every host of the network, and waits for the hands. It listens nowhere: who may use the engine of
 * a host, and nobody else, can work with the hand there.
 *
 * @param image tag of the image of machines
 * @throws DeadlineError naming the hosts without a hand
 */
export async function startAgents(
  network: string,
  manager: Docker,
  hosts: readonly Host[],
  image: string,
): Promise<void> {
  const labels = labelsOf(network, AGENT);
  await manager.createService({
    Name: 'agent',
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Command: ['sh', '-c', command('agent.sh')],
        Labels: labels,
        Env: [
          `HARNESS_NETWORK=${network}`,
          `HARNESS_LABEL=${NETWORK_LABEL}`,
          `HARNESS_ROLE_LABEL=${ROLE_LABEL}`,
          `HARNESS_IMAGE=${image}`,
          // The Swarm takes braces in a variable for a template of its own.
          `HARNESS_HAND=${Buffer.from(handCommand()).toString('base64')}`,
        ],
        // It heals what is in force, and removes the hand.
        StopGracePeriod: 30_000_000_000,
        Mounts: [{ Type: 'bind', Source: '/var/run/docker.sock', Target: '/var/run/docker.sock' }],
      },
      RestartPolicy: { Condition: 'any', Delay: 1_000_000_000 },
      Placement: { Constraints: [`node.labels.${memberLabel(network)}==yes`] },
    },
    Mode: { Global: {} },
  } as unknown as Docker.CreateServiceOptions);
  await waitFor(
    {
      subject: `agent of network ${network}`,
      expected: 'a hand on every host',
      budgetMs: START_MS,
      lookAt: `docker service ps --no-trunc ${network}_agent, at a manager`,
    },
    async () => {
      const lacking = await Promise.all(
        hosts.map(async (host) => ((await hasHand(network, host)) ? [] : [host.node.hostname])),
      );
      if (lacking.flat().length > 0) throw new Error(`none on ${lacking.flat().join(', ')}`);
      return true;
    },
  );
}

/** Whether a hand runs, and is ready: its links are the last but one thing that it makes. */
export async function hasHand(network: string, { remote }: Pick<Host, 'remote'>): Promise<boolean> {
  const hand = remote.docker.getContainer(handName(network));
  const { State } = await hand.inspect();
  if (!State.Running) return false;
  const { exitCode } = await execIn(hand, ['test', '-x', '/usr/local/bin/docker']);
  return exitCode === 0;
}
