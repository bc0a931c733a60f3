import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { dataFolders, freeGigabytes } from './disk.ts';

const SETTINGS = { stateDir: '/state', cacheDir: '/cache' };

function engine(host: string, root: string | undefined) {
  return { host, docker: { info: async () => ({ DockerRootDir: root }) } as unknown as Docker };
}

const folders = async (...args: Parameters<typeof dataFolders>) =>
  (await dataFolders(...args)).map(({ folder }) => folder);

describe('the folders that a run fills', () => {
  it('are the private engine to be started, and the cache, when no engine answers', async () => {
    expect(await folders(SETTINGS, undefined)).toEqual(['/state', '/cache']);
  });

  it('are the data root of a local engine, not where a private one would keep its data', async () => {
    const local = engine('unix:///var/run/docker.sock', tmpdir());
    expect(await folders(SETTINGS, local)).toEqual([tmpdir(), '/cache']);
  });

  it.each([
    ['over the network', engine('tcp://10.0.0.1:2376', tmpdir())],
    ['in a virtual machine', engine('unix:///run/desktop.sock', '/no/such/folder/here')],
    ['that does not say', engine('unix:///var/run/docker.sock', undefined)],
  ])('are only the cache with an engine %s', async (_, elsewhere) => {
    expect(await folders(SETTINGS, elsewhere)).toEqual(['/cache']);
  });
});

it('free space of a folder that does not exist yet is that of where it will be', async () => {
  const [there, notYet] = await Promise.all([
    freeGigabytes(tmpdir()),
    freeGigabytes(path.join(tmpdir(), 'not/yet/there')),
  ]);
  expect(there).toBeGreaterThan(0);
  expect(Math.abs(notYet - there)).toBeLessThan(1);
});
