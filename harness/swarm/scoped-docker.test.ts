import type Docker from 'dockerode';
import { NETWORK_LABEL } from '../engine/labels.ts';
import { deployServices } from './deploy.ts';
import { scopedDocker } from './scoped-docker.ts';

/** An engine that only keeps what it was asked, and answers from a list. */
function engine(listed: readonly object[] = []) {
  const asked: { call: string; options: unknown }[] = [];
  const answer =
    (call: string, value: unknown) =>
    async (options?: unknown): Promise<unknown> => {
      asked.push({ call, options });
      return value;
    };
  const docker = Object.fromEntries([
    ...['Containers', 'Volumes', 'Services', 'Configs', 'Secrets', 'Nodes'].map((what) => [
      `list${what}`,
      answer(`list${what}`, listed),
    ]),
    ...['Container', 'Network', 'Config', 'Secret', 'Service'].map((what) => [
      `create${what}`,
      answer(`create${what}`, {}),
    ]),
    ['getService', (id: string) => ({ id })],
    ['ping', answer('ping', 'OK')],
  ]);
  return { asked, docker: docker as unknown as Docker };
}

const scope = { network: 'mine', nodes: new Map([[2, 'node-b']]) };

describe('scopedDocker', () => {
  it("lists what carries the network's label alone, besides what was asked for", async () => {
    const { docker, asked } = engine();
    const scoped = scopedDocker(docker, scope);
    await scoped.listContainers({ all: true, filters: { label: ['a=b'] } });
    await scoped.listVolumes();
    await scoped.listServices({ filters: '{"name":["x"]}' as never });
    expect(asked.map(({ options }) => options)).toEqual([
      { all: true, filters: { label: ['a=b', `${NETWORK_LABEL}=mine`] } },
      { filters: { label: [`${NETWORK_LABEL}=mine`] } },
      { filters: { name: ['x'], label: [`${NETWORK_LABEL}=mine`] } },
    ]);
  });

  it('gives what it makes the label, and names of its own where names are shared', async () => {
    const { docker, asked } = engine();
    const scoped = scopedDocker(docker, scope);
    await scoped.createContainer({ Image: 'i', Labels: { a: 'b' } });
    await scoped.createSecret({ Name: 'secret-1', Labels: { a: 'b' } });
    const labels = { a: 'b', [NETWORK_LABEL]: 'mine' };
    expect(asked.map(({ options }) => options)).toEqual([
      { Image: 'i', Labels: labels },
      { Name: 'mine_secret-1', Labels: labels },
    ]);
  });

  it('finds services by the names that the network has for them, and by their ids', () => {
    const scoped = scopedDocker(engine().docker, scope);
    expect(scoped.getService('peer0-org1').id).toBe('mine_peer0-org1');
    expect(scoped.getService('vc71le1wy4ibpbvcus4rbirta').id).toBe('vc71le1wy4ibpbvcus4rbirta');
  });

  it('tells names without that of the network', async () => {
    const { docker } = engine([{ ID: '1', Spec: { Name: 'mine_orderer0' } }]);
    const [service] = await scopedDocker(docker, scope).listServices();
    expect(service?.Spec?.Name).toBe('orderer0');
  });

  it('knows the nodes that are its machines, by number', async () => {
    const { docker } = engine([
      { ID: 'node-a', Spec: {} },
      { ID: 'node-b', Spec: { Labels: { rack: '7' } } },
    ]);
    expect(await scopedDocker(docker, scope).listNodes()).toEqual([
      { ID: 'node-b', Spec: { Labels: { rack: '7', machine: '2' } } },
    ]);
  });

  it("deploys a component so that it meets nobody else's, under its own name on its overlay", async () => {
    const { docker, asked } = engine();
    const definition = {
      name: 'orderer0',
      image: 'fabric',
      machine: 2,
      volumes: [{ name: 'orderer0-ledger', path: '/ledger' }],
      files: [{ path: '/key', content: 'k', secret: true }],
    };
    const images = { fabric: 'f:1' };
    const manager = scopedDocker(docker, scope);
    await deployServices({ manager, overlay: 'mine_net', images }, [definition]);
    const secret = asked.find(({ call }) => call === 'createSecret')?.options as { Name: string };
    expect(secret.Name).toMatch(/^mine_secret-/);
    expect(asked.at(-1)?.options).toMatchObject({
      Name: 'mine_orderer0',
      Labels: { [NETWORK_LABEL]: 'mine' },
      TaskTemplate: {
        ContainerSpec: {
          Labels: { [NETWORK_LABEL]: 'mine' },
          Secrets: [{ SecretName: secret.Name }],
          Mounts: [
            {
              Source: 'mine_orderer0-ledger',
              VolumeOptions: { Labels: { [NETWORK_LABEL]: 'mine' } },
            },
          ],
        },
        Networks: [{ Target: 'mine_net', Aliases: ['orderer0'] }],
        Placement: { Constraints: ['node.labels.fabric-swarm-harness.mine==2'] },
      },
    });
  });

  it('hands everything else on', async () => {
    const { docker, asked } = engine();
    await scopedDocker(docker, scope).ping();
    expect(asked).toEqual([{ call: 'ping', options: undefined }]);
  });
});
