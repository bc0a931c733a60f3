import type Docker from 'dockerode';
import { MACHINE_LABEL, NETWORK_LABEL, ROLE_LABEL } from '../../engine/labels.ts';
import { networkNames, removeObjects } from './objects.ts';

interface Thing {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An engine that filters by label as Docker does, and keeps what was removed, in order. */
function engine(things: { containers?: Thing[]; networks?: Thing[]; volumes?: Thing[] }) {
  const removed: string[] = [];
  type Query = { filters?: { label?: string[] } };
  const matching = (all: Thing[] = [], { filters }: Query = {}) =>
    all.filter(({ labels }) =>
      (filters?.label ?? []).every((wanted) => {
        const [key = '', value] = wanted.split('=');
        return value === undefined ? key in labels : labels[key] === value;
      }),
    );
  const removal = (id: string) => ({ remove: async () => removed.push(id) });
  const docker = {
    listContainers: async (query: Query) =>
      matching(things.containers, query).map(({ id, labels }) => ({ Id: id, Labels: labels })),
    listNetworks: async (query: Query) =>
      matching(things.networks, query).map(({ id, labels }) => ({
        Id: id,
        Name: id,
        Labels: labels,
      })),
    listVolumes: async (query: Query) => ({
      Volumes: matching(things.volumes, query).map(({ id, labels }) => ({
        Name: id,
        Labels: labels,
      })),
    }),
    getContainer: removal,
    getNetwork: removal,
    getVolume: removal,
  } as unknown as Docker;
  return { docker, removed };
}

const of = (network: string, more: Record<string, string> = {}) => ({
  [NETWORK_LABEL]: network,
  ...more,
});

describe('objects of a network', () => {
  const things = {
    containers: [
      { id: 'machine', labels: of('a', { [MACHINE_LABEL]: '1' }) },
      { id: 'reaper', labels: of('a', { [ROLE_LABEL]: 'reaper' }) },
      { id: 'other', labels: of('ab', { [MACHINE_LABEL]: '1' }) },
      { id: 'user', labels: { name: 'a', [`${NETWORK_LABEL}s`]: 'a' } },
    ],
    networks: [
      { id: 'bridge-a', labels: of('a') },
      { id: 'bridge', labels: {} },
    ],
    volumes: [{ id: 'left', labels: of('interrupted') }],
  };

  it('are removed by their label and nothing else, the reaper first, networks last', async () => {
    const { docker, removed } = engine(things);
    expect(await removeObjects(docker, 'a')).toBe(3);
    expect(removed).toEqual(['reaper', 'machine', 'bridge-a']);
  });

  it("are removed apart from the caller's own reaper, which must outlive the caller", async () => {
    const { docker, removed } = engine(things);
    expect(await removeObjects(docker, 'a', 'reaper')).toBe(2);
    expect(removed).toEqual(['machine', 'bridge-a']);
  });

  it('name their network also when its start was cut short and no machine is left', async () => {
    expect(await networkNames(engine(things).docker)).toEqual(['a', 'ab', 'interrupted']);
  });
});
