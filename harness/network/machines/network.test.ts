import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { MACHINE_LABEL, NETWORK_LABEL } from '../../engine/labels.ts';
import { createCredentials } from '../../fabric/identities/credentials.ts';
import { createIdentities } from '../../fabric/identities/identities.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { loadTopology } from '../../topology/load.ts';
import { findNetwork, type MachinesNetwork, type NetworkState } from './network.ts';

const topology = loadTopology('fixtures/network/article.yaml');
const machines = topology.machines.map(({ number }) => ({ number, address: `10.0.0.${number}` }));
const identities = await createIdentities(topology, addressesOf(machines));
const key = { cert: '', key: '' };
const state = {
  schema: 1,
  name: 'fabric',
  topology,
  machines,
  identities,
  credentials: createCredentials(topology),
  certificates: { ca: '', client: key },
} as unknown as NetworkState;

/** An engine with a container for each machine; one of them has the state, if any. */
function engine(numbers: readonly number[], holder: number | undefined) {
  const asked: string[] = [];
  const docker = {
    listContainers: async () =>
      numbers.map((number) => ({
        Id: `node${number}`,
        State: number === 3 ? 'exited' : 'running',
        Labels: { [NETWORK_LABEL]: 'fabric', [MACHINE_LABEL]: String(number) },
      })),
    listNetworks: async () => [],
    listVolumes: async () => ({ Volumes: [] }),
    getContainer: (id: string) => ({
      id,
      getArchive: async () => {
        asked.push(id);
        if (id !== `node${holder}`) throw Object.assign(new Error('none'), { statusCode: 404 });
        const tar = pack();
        tar.entry({ name: 'state.json' }, JSON.stringify(state));
        tar.finalize();
        return tar;
      },
    }),
  } as unknown as Docker;
  return { docker, asked };
}

async function found(numbers: readonly number[], holder: number): Promise<MachinesNetwork> {
  const network = await findNetwork(engine(numbers, holder).docker, 'fabric');
  if (!network || network === 'incomplete') throw new Error(`seen ${network}`);
  return network;
}

describe('a network of machines', () => {
  it.each([1, 2, 3])('is found whichever machine holds its state, here %i', async (holder) => {
    const network = await found([1, 2, 3], holder);
    expect(network.machines.map((m) => [m.number, m.address])).toEqual([
      [1, '10.0.0.1'],
      [2, '10.0.0.2'],
      [3, '10.0.0.3'],
    ]);
    expect(network.containerStates.get(3)).toBe('exited');
    expect(network.nodes.orderers.map(({ name }) => name)).toEqual(['orderer0', 'orderer1']);
  });

  it('that has no state has not come up', async () => {
    await expect(findNetwork(engine([1, 2, 3], undefined).docker, 'fabric')).resolves.toBe(
      'incomplete',
    );
    await expect(findNetwork(engine([], undefined).docker, 'fabric')).resolves.toBeUndefined();
  });

  it('names what it lacks: a machine that was removed, and its components', async () => {
    const network = await found([1, 3], 1);
    expect(() => network.machine(2)).toThrow('no machine 2; expected one of 1, 3');
    expect(() => network.component('kafka2')).toThrow('no machine 2');
    expect(() => network.component('kafka9')).toThrow('no component "kafka9"; expected one of');
    expect(network.component('orderer1').machine.number).toBe(3);
  });

  it('tells events of its own in the engine around it, and all of each machine', async () => {
    const { engines } = await found([1, 2], 1);
    expect(engines.map(({ name, filters }) => [name, filters])).toEqual([
      ['host', { label: ['io.fabric-swarm-harness.network=fabric'] }],
      ['machine1', undefined],
      ['machine2', undefined],
    ]);
  });
});
