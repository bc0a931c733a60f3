import type { ChildProcess } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ScenarioResult } from '../../audit/result.ts';
import { harness, start, temporaryFolder } from './support/command.ts';
import { editState } from './support/foreign/leveldb.ts';
import { openAccounts, transfer, untilOrdering } from './support/foreign/load.ts';
import { ForeignNetwork } from './support/foreign/network.ts';

/** Transactions on a network of each kind: the first is as large as what an audit must judge in a minute. */
const NETWORKS = [
  { release: '2.5', ordering: 'raft', transactions: 10_000 },
  { release: '3.1', ordering: 'bft', transactions: 2_000 },
] as const;

/** A network that the harness did not make is judged from outside: sound, and damaged in one place at a time. */
describe.each(NETWORKS)('a foreign network, $release $ordering', (kind) => {
  let folder: ReturnType<typeof temporaryFolder>;
  let network: ForeignNetwork;
  beforeAll(async () => {
    folder = temporaryFolder();
    network = await ForeignNetwork.start(
      path.join(folder.path, 'network'),
      kind.release,
      kind.ordering,
    );
    await openAccounts(network);
    expect(await transfer(network, kind.transactions)).toEqual([]);
  });
  afterAll(async () => {
    await network?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const databases = () => [
    '--couchdb',
    ...['peer0.org1', 'peer0.org2'].map((peer) => `${peer}.example.com=${network.couchdb(peer)}`),
  ];
  const audit = (...options: readonly string[]) =>
    harness([
      ...['audit', '--network', network.profile, '--identity', network.user('org1', 'User1')],
      ...options,
    ]);
  /** Problems of a channel that an audit found invalid. */
  const red = async (...options: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await audit('--json', ...options);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const results = JSON.parse(stdout) as Record<string, ScenarioResult>;
    return results['trade']?.problems.join('\n') ?? '';
  };

  it('is valid as it is, within a minute', async () => {
    const { code, stdout, seconds } = await audit(...databases());
    expect(stdout).toMatch(/^trade: valid\n/);
    expect(code).toBe(0);
    for (const id of ['F9', 'F10', 'F26', 'F27', kind.ordering === 'raft' ? 'F31' : 'F32', 'C1']) {
      expect(stdout).toMatch(new RegExp(`✓ ${id} `));
    }
    const [derived = ''] = /[\d,]+(?= codes derived)/.exec(stdout) ?? [];
    expect(Number(derived.replace(',', ''))).toBeGreaterThan(kind.transactions);
    expect(seconds).toBeLessThan(60);
  });

  it("needs no more than an organisation's own profile, and any member's identity", async () => {
    const { code, stdout, stderr } = await harness([
      ...['audit', '--network', network.profileOf('org2'), '--from', '10'],
      ...['--identity', network.user('org2', 'Admin')],
    ]);
    expect(stderr).toContain("from the channel's configuration: 127.0.0.1:");
    expect(stdout).toMatch(/^trade: valid\n/);
    expect(code).toBe(0);
  });

  it('is read by nobody else, and what cannot be read is no verdict', async () => {
    const wrong = async (...options: readonly string[]) => {
      const { code, stdout, stderr } = await harness(['audit', ...options]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      return stderr;
    };
    const own = ['--network', network.profile];
    const user = network.user('org1', 'User1');
    expect(await wrong('--network', path.join(folder.path, 'none'), '--identity', user)).toMatch(
      /connection profile .*none: expected JSON or YAML, seen: ENOENT/,
    );
    const other = ['--identity', network.user('org2', 'User1')];
    expect(await wrong(...own, ...other, '--channel', 'trade')).toMatch(
      /channel trade: every node refuses the identity/,
    );
    expect(await wrong(...own, ...other)).toMatch(
      /--channel: expected a name, since no peer .*\n.*peer0.org1.example.com.*access denied/,
    );
    const key = path.join(user, 'keystore/priv_sk');
    const before = readFileSync(key);
    try {
      writeFileSync(
        key,
        readFileSync(path.join(network.user('org1', 'Admin'), 'keystore/priv_sk')),
      );
      expect(await wrong(...own, '--identity', user)).toMatch(
        /keystore\/: expected the private key of the certificate/,
      );
    } finally {
      writeFileSync(key, before);
    }
    const elsewhere = path.join(folder.path, 'elsewhere.yaml');
    writeFileSync(
      elsewhere,
      readFileSync(network.profile, 'utf8').replace(/localhost:\d+/g, 'localhost:1'),
    );
    expect(await wrong('--network', elsewhere, '--identity', user)).toMatch(
      /peer0.org1.example.com at localhost:1: expected a TLS connection/,
    );
    expect(await wrong('--network', elsewhere, '--identity', user, '--channel', 'trade')).toMatch(
      /expected at least one node that answers, seen none/,
    );
  });

  it('is watched, block by block, until it is interrupted', async () => {
    const watch = start([
      ...['audit', '--network', network.profile, '--identity', network.user('org1', 'User1')],
      ...['--watch', '1'],
    ]);
    await told(watch.child, /trade: valid, \d+ blocks$/m);
    expect(await transfer(network, 3)).toEqual([]);
    await told(watch.child, /trade: valid, \d+ blocks \(\+[1-9]\d*\)/);
    watch.child.kill('SIGINT');
    expect((await watch.ended).code).toBe(0);
  });

  it('runs a scenario with faults by commands, and is as sound as before', async () => {
    const pid = network.pid('peer1.org2');
    const file = path.join(folder.path, 'freeze.scenario.ts');
    writeFileSync(
      file,
      `import { calls, command, during, scenario, seconds } from 'fabric-swarm-harness';
      scenario('freeze a peer of somebody else', {
        load: calls({
          chaincode: 'bank',
          clients: 4,
          setUp: [],
          next: (client, number) => ({
            function: 'transfer',
            args: ['a' + (client * 90 + (number % 80)), 'a' + (client * 90 + ((number + 1) % 80)), '1'],
          }),
        }),
        faults: [
          during(
            command({
              name: 'peer1.org2',
              inject: 'kill -STOP ${pid}',
              verify: 'grep -q "^State:.*T" /proc/${pid}/status',
              heal: 'kill -CONT ${pid}',
            }),
            { at: seconds(3), for: seconds(5) },
          ),
        ],
        expect: { recovery: seconds(60) },
      });`,
    );
    const { code, stdout, stderr } = await harness(
      [
        ...['test', '--network', network.profile, '--channel', 'trade', '--scenario', file],
        ...['--identity', network.user('org1', 'User1')],
        `Org2MSP=${network.user('org2', 'User1')}`,
        ...databases(),
      ],
      { env: { HARNESS_REPORTS_DIR: path.join(folder.path, 'reports') } },
    );
    expect(stderr).toMatch(/command of peer1.org2, is in force/);
    expect(stdout).toMatch(/1 passed, 0 failed$/m);
    expect(code).toBe(0);
  });

  it('is red where one document of a database was edited, and the peer is named', async () => {
    const url = new URL(network.couchdb('peer0.org2'));
    const authorization = `Basic ${btoa(`${url.username}:${url.password}`)}`;
    const address = `${url.origin}/trade_bank/${encodeURIComponent('account:a7')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const put = async (document: object) => {
      const { _rev } = (await (await fetch(address, { headers })).json()) as { _rev: string };
      const body = JSON.stringify({ ...document, _rev });
      expect((await fetch(address, { method: 'PUT', headers, body })).status).toBe(201);
    };
    const document = (await (await fetch(address, { headers })).json()) as { balance: number };
    await put({ ...document, balance: document.balance + 1 });
    try {
      const problems = await red(...databases());
      expect(problems).toMatch(/F9 .*key account:a7 of bank is .* on peer0.org1.* on peer0.org2/);
      expect(problems).toMatch(/F10 .*key account:a7 of bank .* peer0.org2.example.com has/);
    } finally {
      await put(document);
    }
  });

  it('is red where a peer without such a database answers otherwise, and the peer is named', async () => {
    const query = 'bank:["read","a1","a2"]';
    expect((await audit('--query', query)).stdout).toMatch(/✓ Q1 /);
    const peer = 'peer1.org1';
    const key = ['trade', 'bank', 'account:a1'] as const;
    await network.stop(peer);
    const lastDigit = (value: string) =>
      value.replace(
        /("balance":\d*)(\d)/,
        (_, head: string, digit: string) => `${head}${9 - Number(digit)}`,
      );
    await editState(network.stateDatabase(peer), key, lastDigit);
    await network.restart(peer);
    expect(await red('--query', query)).toMatch(/Q1 .*: peer1.org1.example.com answered /);
  });

  it("is red where a peer's block file was cut, and the peer is named", async () => {
    // From Fabric 3 on a peer has its newest blocks in memory.
    await network.restart('peer1.org2');
    const file = network.blockFile('peer1.org2');
    const whole = readFileSync(file);
    truncateSync(file, Math.floor(whole.length / 2));
    try {
      expect(await red()).toMatch(/F6 .*blocks, but peer1.org2.example.com has \d+/);
    } finally {
      writeFileSync(file, whole);
    }
  });

  it('is red where an orderer is behind, and the orderer is named', async () => {
    const name = kind.ordering === 'raft' ? 'orderer2' : 'orderer3';
    // It has the channel, and the others do not reach it.
    await network.withdraw(name);
    await untilOrdering(network);
    expect(await transfer(network, 200)).toEqual([]);
    expect(await red()).toMatch(new RegExp(`F6 .*blocks, but ${name}.example.com has \\d+$`, 'm'));
  });
});

/** Resolves when a command has told this on standard output. @throws Error when it ends without */
function told({ stdout }: ChildProcess, text: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = '';
    const look = (chunk: string) => {
      all += chunk;
      if (text.test(all)) resolve();
    };
    stdout?.on('data', look);
    stdout?.once('end', () => reject(new Error(`expected ${text}, seen ${all}`)));
  });
}
