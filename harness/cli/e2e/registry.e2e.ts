import path from 'node:path';
import { clientFor } from '../../engine/endpoint.ts';
import { succeed, temporaryFolder } from './support/command.ts';
import { startHostEngine } from './support/host-engine.ts';
import { type Registry, startRegistry } from './support/registry.ts';

interface ImageSet {
  readonly node: string;
  readonly reaper: string;
  readonly images: Readonly<Record<string, { readonly tag: string }>>;
}

/**
 * `HARNESS_REGISTRY` with a real registry that asks for a login, and with engines that the harness did not start: one
 * that has the images and gives them, one that has nothing and takes them.
 */
describe('a registry as a cache of images', () => {
  const folder = temporaryFolder();
  const saved = path.join(folder.path, 'set');
  let registry: Registry;

  beforeAll(async () => {
    registry = await startRegistry(path.join(folder.path, 'registry'));
    await succeed(['images']);
    await succeed(['images', '--save', saved]);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const imagesOf = async (env: Record<string, string>) => {
    const { stdout, stderr } = await succeed(['images', '--json'], { env });
    return { set: JSON.parse(stdout) as ImageSet, stderr };
  };
  const withRegistry = (host: string, config: string) => ({
    ...{ DOCKER_HOST: host, DOCKER_CONFIG: config, HARNESS_ENGINE: 'existing' },
    HARNESS_REGISTRY: `${registry.host}/team/harness`,
  });

  it('is given what was built, with the login of the user, and an empty engine takes it all', async () => {
    let built: ImageSet;
    {
      await using engine = await startHostEngine(path.join(folder.path, 'a'));
      const existing = { DOCKER_HOST: engine.host, HARNESS_ENGINE: 'existing' };
      await succeed(['images', '--load', saved], { env: existing });
      const { set } = await imagesOf(existing);
      await clientFor(engine.host).getImage(set.reaper).remove();

      const nobody = await imagesOf(withRegistry(engine.host, folder.path));
      expect(nobody.stderr).toContain(`registry ${registry.host}/team/harness: cannot`);
      expect(await registry.images()).toEqual([]);

      await clientFor(engine.host).getImage(set.reaper).remove();
      built = (await imagesOf(withRegistry(engine.host, registry.dockerConfig))).set;
      expect(await registry.images()).toContain('team/harness/fabric');
    }
    await using engine = await startHostEngine(path.join(folder.path, 'b'));
    const { set, stderr } = await imagesOf(withRegistry(engine.host, registry.dockerConfig));
    const carried = ({ node, reaper, images }: ImageSet) => ({ node, reaper, images });
    expect(carried(set)).toEqual(carried(built));
    expect(stderr).not.toMatch(/go build|npm|fetch/i);
  });
});
