import type Docker from 'dockerode';
import { MACHINE_LABEL, NETWORK_LABEL } from '../../engine/labels.ts';
import { harness, succeed } from './support/command.ts';
import { everything, testEngine } from './support/engine.ts';
import { expectOneChain, expectTransfers, networkCalled } from './support/network.ts';

const [A, B] = ['e2e-a', 'e2e-b'];

/** Ids and start times of a network's machines: what must not change when nothing is changed. */
async function machinesOf(docker: Docker, name: string): Promise<string[]> {
  const filters = { label: [`${NETWORK_LABEL}=${name}`, MACHINE_LABEL] };
  const containers = await docker.listContainers({ all: true, filters });
  const details = await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).inspect()));
  return details.map(({ Id, State }) => `${Id} ${State.StartedAt}`).sort();
}

describe('networks of the command line', () => {
  let docker: Docker;
  let before: Set<string>;
  beforeAll(async () => {
    docker = await testEngine();
    for (const name of [A, B]) await succeed(['--name', name, 'down']);
    before = await everything(docker, [A, B]);
  });
  afterAll(async () => {
    for (const name of [A, B]) await succeed(['--name', name, 'down']);
  });

  it('down, when nothing runs, says so', async () => {
    const { stdout } = await succeed(['--name', A, 'down']);
    expect(stdout).toBe(`no network "${A}" runs\n`);
  });

  it('up --json prints one document with what a script needs, and keeps progress apart', async () => {
    const { stdout, stderr } = await succeed(['--name', A, 'up', '--json']);
    const up = JSON.parse(stdout);
    expect(up).toMatchObject({
      name: A,
      topology: 'article',
      firstTransfer: {
        block: expect.any(Number),
        transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
        seconds: expect.any(Number),
        imageSeconds: expect.any(Number),
      },
      urls: {
        api: expect.stringMatching(/^http:\/\/[\d.]+:4000\/$/),
        'couchdb0.org1': expect.stringMatching(/^http:/),
        'ca.org2': expect.stringMatching(/^https:/),
      },
    });
    expect(up.components.map((c: { component: string }) => c.component)).toEqual(
      expect.arrayContaining(['orderer0', 'kafka3', 'zookeeper2', 'peer1.org2', 'ca.org1', 'api']),
    );
    for (const { machine, state, addresses } of up.components) {
      expect(machine).toBeGreaterThan(0);
      expect(state).toMatch(/^(healthy|running|starting)$/);
      expect(addresses).toBeDefined();
    }
    expect(up.steps.map((s: { step: string }) => s.step)).toContain('start machines');
    // Not a terminal: plain lines, one a step, no control characters.
    expect(stderr).toMatch(
      /^ +\d+\.\d s {2}✓ start machines {2}\(machines 1, 2, 3\) {2}\d+\.\d s$/m,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  it('up a second time says what runs and changes nothing', async () => {
    const machines = await machinesOf(docker, A);
    expect(machines).toHaveLength(3);
    const { stdout, seconds } = await succeed(['--name', A, 'up']);
    expect(stdout).toMatch(`network "${A}" runs already; nothing was changed`);
    expect(stdout).toMatch(/^1 +orderer0 +(healthy|running|starting) +[\d.]+:7050/m);
    expect(stdout).toMatch(/^first transfer committed: block \d+, transaction [0-9a-f]{64}, /m);
    expect(seconds).toBeLessThan(3);
    expect(await machinesOf(docker, A)).toEqual(machines);
    // What would be wrong with a new network is not wrong with one that runs.
    await succeed(['--name', A, 'up'], { env: { HARNESS_MIN_FREE_DISK_GB: '1000' } });
    expect(await machinesOf(docker, A)).toEqual(machines);
  });

  it('status, logs and exec answer about components, and name those that there are', async () => {
    const status = await succeed(['--name', A, 'status']);
    expect(status.stdout).toMatch(/^3 +kafka0 +(healthy|running|starting) /m);
    const logs = await succeed(['--name', A, 'logs', 'orderer0', '--tail', '5']);
    expect(`${logs.stdout}${logs.stderr}`.trim().split('\n').length).toBeLessThanOrEqual(5);
    expect(`${logs.stdout}${logs.stderr}`).not.toBe('');
    const exec = await harness([
      '--name',
      A,
      'exec',
      'peer0.org1',
      '--',
      'sh',
      '-c',
      'echo in; exit 7',
    ]);
    expect(exec).toMatchObject({ code: 7, stdout: 'in\n' });
    for (const command of [
      ['logs', 'orderer9'],
      ['exec', 'orderer9', '--', 'true'],
    ]) {
      const refused = await harness(['--name', A, ...command]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(
        /no component "orderer9"; expected machine1\.\. or one of .*orderer0, orderer1/,
      );
    }
  });

  it('commits through each organisation, reads it on every peer, and all nodes have one chain', async () => {
    const network = await networkCalled(A);
    await expectOneChain(network, await expectTransfers(network));
  });

  it('a network that stopped with its host goes on, with its ledger, at the next up', async () => {
    const before = await expectTransfers(await networkCalled(A));
    const filters = { label: [`${NETWORK_LABEL}=${A}`, MACHINE_LABEL] };
    const machines = await docker.listContainers({ filters });
    await Promise.all(machines.map(({ Id }) => docker.getContainer(Id).kill()));
    const { stdout } = await succeed(['--name', A, 'up']);
    expect(stdout).toMatch(`network "${A}" was there; what had stopped of it runs again`);
    const network = await networkCalled(A);
    const newest = await expectTransfers(network);
    expect(newest).toBeGreaterThan(before);
    await expectOneChain(network, newest);
  });

  it('two networks side by side both commit, and the end of one leaves the other', async () => {
    await succeed(['--name', B, 'up']);
    const [a, b] = [await networkCalled(A), await networkCalled(B)];
    await Promise.all([expectTransfers(a), expectTransfers(b)]);
    const machines = await machinesOf(docker, B);
    const { stdout } = await succeed(['--name', A, 'down']);
    expect(stdout).toMatch(/^network "e2e-a" removed \(\d+ objects\)$/m);
    expect(await machinesOf(docker, B)).toEqual(machines);
    await expectTransfers(b);
    await succeed(['--name', B, 'down']);
    const added = [...(await everything(docker, [A, B]))].filter((object) => !before.has(object));
    expect(added).toEqual([]);
  });
});
