import type Docker from 'dockerode';
import { waitFor } from '../../base/wait.ts';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import { componentsOf } from '../../topology/components.ts';
import { succeed } from './support/command.ts';
import { expectTransfers, networkCalled, type RunningNetwork } from './support/network.ts';

const NAME = 'e2e-a';
/** Seconds for Swarm to start the next task and for that to be ready, on two busy cores. */
const BACK_WITHIN = 60;

interface Seen {
  readonly container: Docker.Container;
  readonly id: string;
  readonly pid: number;
  readonly volumes: readonly string[];
  readonly health: string;
}

/** The running container of a component. */
async function running({ found }: RunningNetwork, component: string): Promise<Seen | undefined> {
  const place = componentsOf(found.state.topology).find(({ name }) => name === component);
  const machine = found.machines.find(({ number }) => number === place?.machine);
  if (!machine) throw new Error(`${component}: expected its machine, seen none`);
  const filters = { label: [`${COMPONENT_LABEL}=${component}`], status: ['running'] };
  const [container] = await machine.docker.listContainers({ filters });
  if (!container) return undefined;
  const details = await machine.docker.getContainer(container.Id).inspect();
  return {
    container: machine.docker.getContainer(container.Id),
    id: container.Id,
    pid: details.State.Pid,
    volumes: details.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : [])),
    health: details.State.Health?.Status ?? 'none',
  };
}

describe('a component that is killed by hand comes back by itself with its data:', () => {
  let network: RunningNetwork;
  beforeAll(async () => {
    await succeed(['--name', NAME, 'up']);
    network = await networkCalled(NAME);
  });
  afterAll(() => succeed(['--name', NAME, 'down']));

  it.each(['peer0.org1', 'orderer0', 'kafka2', 'couchdb0.org2', 'ca.org1'])('%s', async (name) => {
    const blocks = await expectTransfers(network, network.endpoints.organisations.slice(0, 1));
    const before = await running(network, name);
    if (!before) throw new Error(`${name}: expected it to run`);
    expect(before.volumes).toHaveLength(1);
    const started = performance.now();
    await before.container.kill({ signal: 'SIGKILL' });
    const after = await waitFor(
      {
        subject: name,
        expected: 'another container that is healthy',
        budgetMs: BACK_WITHIN * 1000,
        intervalMs: 200,
      },
      async () => {
        const now = await running(network, name);
        return now && now.id !== before.id && now.health === 'healthy' ? now : undefined;
      },
    );
    const seconds = (performance.now() - started) / 1000;
    expect(after.volumes).toEqual(before.volumes);
    // A peer that lost its CouchDB reconnects with a back-off of its own; until then it refuses.
    const next = await waitFor(
      { subject: 'the network', expected: 'a transfer that every peer has', budgetMs: 60_000 },
      () => expectTransfers(network),
    );
    expect(next).toBeGreaterThan(blocks); // the chain went on, it did not start again
    const whole = (performance.now() - started) / 1000;
    console.log(
      `${name}: healthy after ${seconds.toFixed(1)} s, transfer after ${whole.toFixed(1)} s`,
    );
  });
});
