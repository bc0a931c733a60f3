import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { waitFor } from '../../base/wait.ts';
import { CACHE_LABEL, MACHINE_LABEL, NETWORK_LABEL } from '../../engine/labels.ts';
import { emptyTar, importImage } from '../../images/engine-images.ts';
import { outerImages } from '../../images/manifest.ts';
import { Bystanders } from './support/bystanders.ts';
import { harness, start, succeed } from './support/command.ts';
import { everything, Traces, testEngine } from './support/engine.ts';
import { startSandbox } from './support/sandbox.ts';

const NAME = 'e2e-a';

describe("what is the user's own, with names and labels close to ours, is not touched by", () => {
  let docker: Docker;
  let bystanders: Bystanders;
  let before: unknown;
  beforeAll(async () => {
    docker = await testEngine();
    await succeed(['--name', NAME, 'down']);
    await succeed(['images']);
    const base = (await outerImages(docker)).find(({ tag }) => tag.includes('/base:'));
    bystanders = await Bystanders.make(docker, base?.tag ?? 'base');
    before = await bystanders.inspect();
  });
  afterEach(async () => {
    expect(await bystanders.inspect()).toEqual(before);
  });
  afterAll(async () => {
    await succeed(['--name', NAME, 'down']);
    await bystanders[Symbol.asyncDispose]();
  });

  it('up and down', async () => {
    await succeed(['--name', NAME, 'up']);
    expect(await bystanders.inspect()).toEqual(before);
    await succeed(['--name', NAME, 'down']);
  });

  it("a start that fails because a container of the user's has the name", async () => {
    const others = await everything(docker, [NAME]);
    const image = (await outerImages(docker)).find(({ tag }) => tag.includes('/base:'))?.tag;
    const taken = await docker.createContainer({ name: `${NAME}-machine2`, Image: image ?? '' });
    try {
      const inspected = await taken.inspect();
      const { code, stderr } = await harness(['--name', NAME, 'up']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/e2e-a-machine2.* is already in use/);
      expect(await taken.inspect()).toEqual(inspected);
    } finally {
      await taken.remove();
    }
    const added = [...(await everything(docker, [NAME]))].filter((object) => !others.has(object));
    expect(added).toEqual([]);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('a start that is interrupted by %s', async (signal) => {
    const up = start(['--name', NAME, 'up']);
    const traces = new Traces(docker, NAME, up.pid);
    await waitFor({ subject: 'up', expected: 'machines', budgetMs: 60_000 }, async () => {
      await traces.look();
      return traces.noted > 3 ? true : undefined;
    });
    await delay(1000);
    process.kill(-up.pid, signal);
    await up.ended;
    await waitFor(
      { subject: 'the interrupted start', expected: 'nothing left', budgetMs: 30_000 },
      async () => {
        const left = await traces.left();
        if (left.length > 0) throw new Error(left.join(', '));
        return true;
      },
    );
  });
});

describe("what is the user's own on an engine is not touched by", () => {
  it('down --all, which removes every network of the harness, and images --remove', async () => {
    await using sandbox = await startSandbox();
    const { docker, host, image } = sandbox;
    await using bystanders = await Bystanders.make(docker, image);
    const before = await bystanders.inspect();
    const env = { DOCKER_HOST: host };
    expect((await succeed(['down', '--all'], { env })).stdout).toBe('no network runs\n');

    const own = (network: string) => ({ [NETWORK_LABEL]: network });
    await docker.createNetwork({ Name: 'one-machines', Labels: own('one') });
    const machine = await docker.createContainer({
      name: 'one-machine1',
      Image: image,
      Cmd: ['sleep', 'infinity'],
      Labels: { ...own('one'), [MACHINE_LABEL]: '1' },
      Volumes: { '/var/lib/docker': {} },
      HostConfig: { NetworkMode: 'one-machines' },
    });
    await machine.start();
    await docker.createNetwork({ Name: 'two-machines', Labels: own('two') }); // cut short
    const { stdout } = await succeed(['down', '--all'], { env });
    expect(stdout).toMatch(
      /network "one" removed \(2 objects\)\nnetwork "two" removed \(1 object\)/,
    );
    expect(await bystanders.inspect()).toEqual(before);
    expect((await docker.listContainers({ all: true })).map(({ Names }) => Names[0])).toEqual([
      '/e2e-a-machine4',
    ]);
    expect((await docker.listNetworks()).map(({ Name }) => Name).sort()).toEqual([
      'bridge',
      'e2e-a-machines-of-mine',
      'host',
      'none',
    ]);
    expect((await docker.listVolumes()).Volumes.map(({ Name }) => Name)).toEqual([
      'fabric-swarm-harness-golden-mine',
    ]);

    const volume = 'fabric-swarm-harness-golden-0123';
    await docker.createVolume({ Name: volume, Labels: { [CACHE_LABEL]: 'true' } });
    await importImage(docker, 'fabric-swarm-harness/golden:0123', emptyTar(), []);
    await importImage(docker, 'fabric-swarm-harness/reaper:0123', emptyTar(), []);
    const removal = JSON.parse((await succeed(['images', '--remove', '--json'], { env })).stdout);
    expect(removal.removed.sort()).toEqual(
      ['fabric-swarm-harness/golden:0123', volume, 'fabric-swarm-harness/reaper:0123'].sort(),
    );
    expect(await bystanders.inspect()).toEqual(before);
  });
});
