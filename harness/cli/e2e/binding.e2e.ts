import { once } from 'node:events';
import type Docker from 'dockerode';
import { findEngine } from '../../engine/engine.ts';
import { presentImages } from '../../images/ensure.ts';
import { ownerOf, removeObjects } from '../../network/machines/objects.ts';
import { Reaper } from '../../swarm/reaper.ts';
import { harness, succeed } from './support/command.ts';

const NAME = 'e2e-a';

/** What binds a network to a process, on a real engine but without a network: it takes no minute. */
describe('the binding of a network', () => {
  let docker: Docker;
  let image: string;
  let bind: (run: string) => Promise<Reaper | undefined>;
  beforeAll(async () => {
    await succeed(['images']);
    const engine = await findEngine(process.env);
    const images =
      engine &&
      (await presentImages({
        docker: engine.docker,
        couchdb: 'auto',
        mongo: 'auto',
        fabric3: false,
      }));
    if (!engine || !images) throw new Error('expected an engine with the images, seen none');
    ({ docker } = engine);
    image = images.reaper;
    const socket = engine.host.replace(/^unix:\/\//, '');
    bind = (run) => Reaper.start(docker, images.reaper, NAME, run, `process ${run}`, socket);
    await removeObjects(docker, NAME);
  });
  afterEach(() => removeObjects(docker, NAME));

  it('is held by one process of all that use the engine, until it is released', async () => {
    expect(await ownerOf(docker, NAME)).toBeUndefined();
    const reaper = await bind('one');
    expect(await bind('two')).toBeUndefined();
    expect(await ownerOf(docker, NAME)).toBe('process one');
    await reaper?.release();
    expect(reaper?.lost.aborted).toBe(false);
    while (await ownerOf(docker, NAME)); // the engine takes the ended container away
    const next = await bind('two');
    expect(await ownerOf(docker, NAME)).toBe('process two');
    await next?.dismiss();
  });

  it('is not held by a process that made the reaper and died before it ran', async () => {
    const dead = await docker.createContainer({ name: `${NAME}-reaper`, Image: image });
    await dead.start();
    await dead.wait(); // without a token it has nobody to listen to
    expect(await ownerOf(docker, NAME)).toBeUndefined();
    const reaper = await bind('two');
    expect(await ownerOf(docker, NAME)).toBe('process two');
    await reaper?.dismiss();
  });

  it('is lost to the process when somebody removes it', async () => {
    const reaper = await bind('one');
    if (!reaper) throw new Error('expected a reaper');
    const lost = once(reaper.lost, 'abort');
    await removeObjects(docker, NAME);
    await lost;
    expect(await ownerOf(docker, NAME)).toBeUndefined();
  });

  it('makes a stop from elsewhere tell what it waits for', async () => {
    const reaper = await bind('one');
    const { stdout, stderr } = await harness(['--name', NAME, 'down'], {
      through: ['unshare', '--net'],
    });
    expect(stderr).toContain(`the network "${NAME}" went with process one`);
    expect(stdout).toContain(`network "${NAME}" removed (1 object)`);
    expect(reaper?.lost.aborted).toBe(true);
  });
});
