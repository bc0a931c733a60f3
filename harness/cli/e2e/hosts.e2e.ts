import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { waitFor } from '../../base/wait.ts';
import { outerImages } from '../../images/manifest.ts';
import { execIn } from '../../swarm/docker-api.ts';
import { createApiCertificates } from '../../swarm/tls.ts';
import { harness, type Outcome, start, succeed, temporaryFolder } from './support/command.ts';
import { HostsBed, killTree } from './support/hosts-bed.ts';

const NAME = 'e2e-a';
/** Seconds in which a killed harness's faults are healed, and what it was starting is gone. */
const WITHIN_S = 30;
const PARTITION = 'scenarios/pull-request/04-partition-ordering.scenario.ts';

/** A swarm of three hosts with engines that the harness has not started. */
describe('a network on hosts of a swarm that was there', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let bed: HostsBed;
  let before: string[];
  let settings: Record<string, string>;
  beforeAll(async () => {
    await succeed(['images']);
    folder = temporaryFolder();
    bed = await HostsBed.start(path.join(folder.path, 'bed'), 'tls');
    before = await bed.everything();
    settings = { ...bed.env, HARNESS_REPORTS_DIR: path.join(folder.path, 'reports') };
  });
  afterAll(async () => {
    await bed[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });
  const command = (...args: string[]) => ['--name', NAME, ...args];

  /** A start that must be refused, with the line of the table that says why, and nothing deployed. */
  async function refused(line: RegExp, env: Record<string, string | undefined>): Promise<Outcome> {
    const outcome = await harness(command('up'), { env: { ...settings, ...env } });
    expect(outcome.stderr).toMatch(line);
    expect(outcome.code).toBe(2);
    expect(await bed.everything()).toEqual(before);
    return outcome;
  }

  it('is refused without a label, with the command that sets it', async () => {
    await bed.relabel('cloud-c', {});
    try {
      const outcome = await harness(command('up'), { env: settings });
      expect(outcome.code).toBe(2);
      expect(outcome.stderr).toMatch(/✗ 3 .*no node with the label machine=3/);
      expect(outcome.stderr).toContain('docker node update --label-add machine=3');
    } finally {
      await bed.relabel('cloud-c', { machine: '3' });
    }
    expect(await bed.everything()).toEqual(before);
  });

  it('is refused on a host without room', async () => {
    await refused(/✗ 1 .*disk .*1000 GiB/, { HARNESS_MIN_FREE_DISK_GB: '1000' });
  });

  it('is refused by a wrong key', async () => {
    const wrong = path.join(folder.path, 'wrong');
    mkdirSync(wrong);
    copyFileSync(path.join(bed.folder, 'certs/ca.pem'), path.join(wrong, 'ca.pem'));
    // Of an authority that the hosts do not know.
    const { client } = await createApiCertificates(['127.0.0.1']);
    writeFileSync(path.join(wrong, 'cert.pem'), client.cert);
    writeFileSync(path.join(wrong, 'key.pem'), client.key);
    await refused(/expected the manager of a swarm/, { DOCKER_CERT_PATH: wrong });
  });

  it('is refused at a host that is no manager, and where nobody answers', async () => {
    const [, worker] = bed.addresses;
    await refused(/a worker; only a manager/, { DOCKER_HOST: `tcp://${worker}:2376` });
    await refused(/expected the manager of a swarm/, { DOCKER_HOST: `tcp://${worker}:2399` });
  });

  it('is refused where a file names another host than it leads to', async () => {
    const [, second] = bed.addresses;
    const file = bed.hostsFile({
      1: { node: 'cloud-a' },
      2: { node: 'cloud-b' },
      3: { node: 'cloud-c', engine: `tcp://${second}:2376` },
    });
    await refused(/✗ 3 .*is not cloud-c/, { HARNESS_HOSTS: file });
  });

  it('is refused by an engine too old', async () => {
    const [, , third] = bed.engines;
    // What the engine of the third host says of itself, but for its version.
    const socket = path.join(folder.path, 'old.sock');
    const answers: Record<string, object> = {
      '/info': { ...(await third?.info()) },
      '/version': { ...(await third?.version()), Version: '20.10.24' },
    };
    const old = createServer((incoming, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(answers[incoming.url ?? ''] ?? {}));
    });
    await new Promise<void>((resolve) => old.listen(socket, resolve));
    try {
      const file = bed.hostsFile({
        1: { node: 'cloud-a' },
        2: { node: 'cloud-b' },
        3: { node: 'cloud-c', engine: `unix://${socket}` },
      });
      await refused(/✗ 3 .*engine +20\.10\.24/, { HARNESS_HOSTS: file });
    } finally {
      old.closeAllConnections();
      old.close();
    }
  });

  it('is refused where a port is in use', async () => {
    const [, , third] = bed.engines;
    const base = (await outerImages(bed.manager)).find(({ tag }) => tag.includes('/base:'));
    const listener = await third?.createContainer({
      Image: base?.tag ?? '',
      Entrypoint: ['perl', '-e'],
      Cmd: [
        'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 7049, Listen => 1); sleep 600',
      ],
      HostConfig: { NetworkMode: 'host', AutoRemove: true },
    });
    await listener?.start();
    try {
      const outcome = await harness(command('up'), { env: settings });
      expect(outcome.stderr).toMatch(/✗ 3 .*ports +7049 in use/);
      expect(outcome.code).toBe(2);
    } finally {
      await listener?.remove({ force: true });
    }
    expect(await bed.everything()).toEqual(before);
  });

  it('comes up to its first transfer, and is found by others', async () => {
    const { stdout } = await succeed(command('up', '--json'), { env: settings });
    const up = JSON.parse(stdout);
    expect(up).toMatchObject({ name: NAME, mode: 'hosts', topology: 'article' });
    const states = up.components.map(({ state }: { state: string }) => state);
    expect(states.every((state: string) => /^(healthy|running|starting)$/.test(state))).toBe(true);
    const status = await succeed(command('status'), { env: settings });
    expect(status.stdout).toContain(`${bed.addresses[2]}:`);
    const again = await succeed(command('up'), { env: settings });
    expect(again.stdout).toContain('runs already; nothing was changed');
  });

  it('does not meet another network, which is refused its ports and named whose they are', async () => {
    const deployed = await bed.everything();
    const outcome = await harness(['--name', 'e2e-b', 'up'], { env: settings });
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(new RegExp(`in use by service ${NAME}_`));
    expect(await bed.everything()).toEqual(deployed);
    const down = await succeed(['--name', 'e2e-b', 'down'], { env: settings });
    expect(down.stdout).toBe('no network "e2e-b" runs\n');
    expect(await bed.everything()).toEqual(deployed);
  });

  it(`heals a partition whose harness was killed within ${WITHIN_S} s`, async () => {
    const running = start(command('test', '--scenario', PARTITION), { env: settings });
    await running.told(/is in force/);
    expect(await cuts(bed)).toBeGreaterThan(0);
    killTree(running.pid);
    const killed = performance.now();
    await waitFor(
      { subject: 'partition', expected: 'healed', budgetMs: WITHIN_S * 1_000, intervalMs: 500 },
      async () => ((await cuts(bed)) === 0 ? true : undefined),
    );
    console.log(`healed ${((performance.now() - killed) / 1000).toFixed(1)} s after the kill`);
    await running.ended;
    const next = 'scenarios/pull-request/00-network.scenario.ts';
    await succeed(command('test', '--scenario', next), { env: settings });
  });

  it('is gone after down, with all that carried its label, and nothing else', async () => {
    await succeed(command('down'), { env: settings });
    expect(await bed.everything()).toEqual(before);
  });

  it(`leaves nothing when its start is killed, after ${WITHIN_S} s`, async () => {
    const running = start(command('up'), { env: settings });
    await running.told(/start orderers and databases/);
    killTree(running.pid);
    await running.ended;
    await waitFor(
      { subject: 'hosts', expected: 'as before', budgetMs: WITHIN_S * 1_000, intervalMs: 500 },
      async () => {
        expect(await bed.everything()).toEqual(before);
        return true;
      },
    );
  });
});

/** Chains of faults in the network namespaces of all hosts. */
async function cuts(bed: HostsBed): Promise<number> {
  const look =
    'for p in $(docker ps -q | xargs docker inspect -f "{{.State.Pid}}"); do nsenter -t $p -n iptables-save 2>/dev/null; done | grep -c "^:HF-"; true';
  const counts = await Promise.all(
    bed.engines.map(async (engine) => {
      const { stdout } = await execIn(engine.getContainer(`${NAME}-hand`), ['sh', '-c', look]);
      return Number(stdout.trim());
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
