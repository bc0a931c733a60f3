import { once } from 'node:events';
import { hostname } from 'node:os';
import type Docker from 'dockerode';
import { findEngine } from '../../engine/engine.ts';
import type { HolderRole } from '../../engine/labels.ts';
import { presentImages } from '../../images/ensure.ts';
import { holderOf, removeObjects } from '../../network/machines/objects.ts';
import { Reaper } from '../../swarm/reaper.ts';
import { harness, succeed } from './support/command.ts';

const NAME = 'e2e-a';
const owner = (command: string) => `process ${process.pid} on ${hostname()} (${command})`;

/** What binds a network to a process, on a real engine but without a network: it takes no minute. */
describe('the binding of a network', () => {
  let docker: Docker;
  let image: string;
  let bind: (run: string) => Promise<Reaper | undefined>;
  let claim: typeof bind;
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
    const start = (role: HolderRole) => (run: string) =>
      Reaper.start({ engine, image: images.reaper, network: NAME, run, command: run, role });
    [bind, claim] = [start('reaper'), start('user')];
    await removeObjects(docker, NAME);
  });
  afterEach(() => removeObjects(docker, NAME));

  it('is held by one process of all that use the engine, until it is released', async () => {
    expect(await holderOf(docker, NAME, 'reaper')).toBeUndefined();
    const reaper = await bind('one');
    expect(await bind('two')).toBeUndefined();
    expect(await holderOf(docker, NAME, 'reaper')).toBe(owner('one'));
    await reaper?.release();
    expect(reaper?.lost.aborted).toBe(false);
    while (await holderOf(docker, NAME, 'reaper')); // the engine takes the ended container away
    const next = await bind('two');
    expect(await holderOf(docker, NAME, 'reaper')).toBe(owner('two'));
    await next?.dismiss();
  });

  it('is not held by a process that made the reaper and died before it ran', async () => {
    const dead = await docker.createContainer({ name: `${NAME}-reaper`, Image: image });
    await dead.start();
    await dead.wait(); // without a token it has nobody to listen to
    expect(await holderOf(docker, NAME, 'reaper')).toBeUndefined();
    const reaper = await bind('two');
    expect(await holderOf(docker, NAME, 'reaper')).toBe(owner('two'));
    await reaper?.dismiss();
  });

  it('keeps the use of a network, too, to one process of all', async () => {
    const use = await claim('one');
    expect(await claim('two')).toBeUndefined();
    expect(await holderOf(docker, NAME, 'user')).toBe(owner('one'));
    expect(await holderOf(docker, NAME, 'reaper')).toBeUndefined();
    const lost = once(use?.lost ?? new EventTarget(), 'abort');
    await removeObjects(docker, NAME);
    await lost;
    const next = await claim('two');
    expect(await holderOf(docker, NAME, 'user')).toBe(owner('two'));
    await next?.dismiss();
    expect(await holderOf(docker, NAME, 'user')).toBeUndefined();
  });

  it('is lost to the process when somebody removes it', async () => {
    const reaper = await bind('one');
    if (!reaper) throw new Error('expected a reaper');
    const lost = once(reaper.lost, 'abort');
    await removeObjects(docker, NAME);
    await lost;
    expect(await holderOf(docker, NAME, 'reaper')).toBeUndefined();
  });

  it('makes a stop from elsewhere tell what it waits for', async () => {
    const reaper = await bind('one');
    const { stdout, stderr } = await harness(['--name', NAME, 'down'], {
      through: ['unshare', '--net'],
    });
    expect(stderr).toContain(`the network "${NAME}" was held by ${owner('one')}`);
    expect(stdout).toContain(`network "${NAME}" removed (1 object)`);
    expect(reaper?.lost.aborted).toBe(true);
  });
});
