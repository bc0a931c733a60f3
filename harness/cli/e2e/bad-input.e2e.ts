import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { projectFolder } from '../../base/project.ts';
import { type CommandOptions, harness, type Outcome, temporaryFolder } from './support/command.ts';
import { everything, testEngine } from './support/engine.ts';

const NAME = 'e2e-a';
const article = readFileSync(path.join(projectFolder, 'fixtures/network/article.yaml'), 'utf8');

/** Runs a command that must be refused: exit code 2 within two seconds, and nothing new in the engine. */
async function refused(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const docker = await testEngine();
  const before = await everything(docker, [NAME]);
  const outcome: Outcome = await harness(['--name', NAME, ...args], options);
  const added = [...(await everything(docker, [NAME]))].filter((object) => !before.has(object));
  expect({ code: outcome.code, stdout: outcome.stdout, added }).toEqual({
    code: 2,
    stdout: '',
    added: [],
  });
  expect(outcome.seconds).toBeLessThan(2);
  return outcome.stderr;
}

/** The article's topology with one line changed; that line's number. */
function topologyWith(folder: string, from: string, to: string) {
  const line = article.split('\n').findIndex((text) => text.includes(from)) + 1;
  if (line === 0) throw new Error(`article.yaml: expected "${from}", seen nothing like it`);
  const file = path.join(folder, 'bad.yaml');
  writeFileSync(file, article.replace(from, to));
  return { file, line };
}

describe('a topology that cannot work is refused by key, line and expectation:', () => {
  it.each([
    [
      'an unknown key',
      'rackAwareness: false',
      'rackAwarness: false',
      /kafka\.rackAwarness: expected one of the keys/,
    ],
    [
      'a duplicate broker id',
      'name: kafka1, id: 1',
      'name: kafka1, id: 0',
      /brokers\[1\]\.id: expected a broker id of its own, saw 0/,
    ],
    [
      'a component on a machine that does not exist',
      'name: kafka1, id: 1, machine: 3',
      'name: kafka1, id: 1, machine: 9',
      /brokers\[1\]\.machine: expected one of the machines 1, 2, 3, saw 9/,
    ],
    [
      'a replication factor above the broker count',
      'replicationFactor: 3',
      'replicationFactor: 5',
      /kafka\.replicationFactor: expected at most the number of brokers, 4, saw 5/,
    ],
    [
      'AbsoluteMaxBytes above the Kafka limit',
      'absoluteMaxBytes: 98 MiB',
      'absoluteMaxBytes: 120 MiB',
      /absoluteMaxBytes: expected less than replicaFetchMaxBytes/,
    ],
  ])('%s', async (_, from, to, message) => {
    using folder = temporaryFolder();
    const { file, line } = topologyWith(folder.path, from, to);
    const text = await refused(['--topology', file, 'up']);
    expect(text).toMatch(message);
    expect(text).toContain(`${file}:${line}:`);
  });

  it('a name that is neither a placement nor a file', async () => {
    expect(await refused(['--topology', 'artcle', 'up'])).toMatch(
      /HARNESS_TOPOLOGY: expected article, .*spread or the path of a YAML file, seen "artcle"/,
    );
    expect(await refused(['--topology', './none.yaml', 'up'])).toMatch(/none\.yaml/);
  });
});

describe('a setting that cannot be used is refused', () => {
  it('in .env, with its line', async () => {
    using folder = temporaryFolder();
    writeFileSync(
      path.join(folder.path, '.env'),
      '# mine\nHARNESS_UP_TIMEOUT=5\nHARNESS_NAMES=a\n',
    );
    const text = await refused(['up'], { cwd: folder.path });
    expect(text).toMatch(/\.env:2: HARNESS_UP_TIMEOUT: expected at least 10, seen "5"/);
    expect(text).toMatch(/\.env:3: unknown setting HARNESS_NAMES; is HARNESS_NAME meant?/);
  });

  it('in the environment and on the command line', async () => {
    expect(await refused(['up'], { env: { HARNESS_API_PORT: '99999' } })).toMatch(
      /environment: HARNESS_API_PORT: expected at most 65535, seen "99999"/,
    );
    expect(await refused(['--name', 'Upper_Case', 'up'])).toMatch(
      /HARNESS_NAME: expected a lower-case/,
    );
  });

  it('when its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const { port } = server.address() as { port: number };
      expect(await refused(['up'], { env: { HARNESS_API_PORT: String(port) } })).toMatch(
        new RegExp(`HARNESS_API_PORT: expected a free port on 127.0.0.1, seen ${port} in use`),
      );
    } finally {
      server.close();
    }
  });

  it('when the disk is nearly full', async () => {
    expect(await refused(['up'], { env: { HARNESS_MIN_FREE_DISK_GB: '1000' } })).toMatch(
      /disk: expected 1000 GiB free at \S+ \(HARNESS_MIN_FREE_DISK_GB\), seen [\d.]+ GiB/,
    );
  });
});

describe('without an engine', () => {
  it('who is not root is told what to run', async () => {
    if (process.getuid?.() !== 0) return; // cannot become somebody without an engine
    using folder = temporaryFolder();
    const home = path.join(folder.path, 'home');
    mkdirSync(home);
    for (const each of [folder.path, home]) chmodSync(each, 0o777);
    const text = await refused(['up'], {
      through: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      env: { DOCKER_HOST: undefined, HOME: home },
    });
    expect(text).toMatch(/no Docker engine answers: the default socket/);
    expect(text).toMatch(/not running as root/);
    expect(text).toMatch(/sudo apt-get install|install Docker Engine/);
  });

  it('HARNESS_ENGINE=existing forbids starting one', async () => {
    const env = { DOCKER_HOST: 'unix:///nowhere.sock', HARNESS_ENGINE: 'existing' };
    const text = await refused(['up'], { env });
    expect(text).toMatch(/DOCKER_HOST \(unix:\/\/\/nowhere\.sock\): connect ENOENT/);
    expect(text).toMatch(/HARNESS_ENGINE=existing forbids/);
  });
});

describe('a command that cannot be done is refused', () => {
  it.each([
    [['bogus'], /unknown command 'bogus'/],
    [['up', '--jsno'], /unknown option '--jsno'\n\(Did you mean --json\?\)/],
    [['logs'], /missing required argument 'component'/],
    [
      ['logs', 'orderer0', '--tail', 'many'],
      /--tail: expected a number of lines or all, seen "many"/,
    ],
    [['logs', 'orderer0'], /no network "e2e-a" runs; start it with: npm start/],
    [['exec', 'orderer0', '--', 'true'], /no network "e2e-a" runs/],
    [['status'], /no network "e2e-a" runs/],
  ])('%j', async (args, message) => {
    expect(await refused(args)).toMatch(message);
  });
});
