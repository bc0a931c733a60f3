import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { projectFolder } from '../../../base/project.ts';
import { waitFor } from '../../../base/wait.ts';

/** A registry on loopback, as its users run it, that asks for a login. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`, which engines take without TLS. */
  readonly host: string;
  /** Folder for `DOCKER_CONFIG`, with the login in it. */
  readonly dockerConfig: string;
  /** Names of the images that it holds. */
  images(): Promise<readonly string[]>;
}

const USER = 'harness';
const PASSWORD = 'of the test only';
/** bcrypt of it, the only hash that the registry takes. */
const HASH = '$2a$05$6drMJwlGZFtS32h4bMqY1ObCLz9bAI04UFYXv8E/DX61TiabVDGva';

/**
 * Starts the registry of the CNCF's distribution project, which Go builds into its cache: some minutes at the first time.
 *
 * @param folder for its data, its log and the login
 */
export async function startRegistry(folder: string): Promise<Registry> {
  mkdirSync(path.join(folder, 'docker'), { recursive: true });
  const at = (name: string) => path.join(folder, name);
  const tools = path.join(projectFolder, '.ci/tools/registry');
  const binary = execFileSync('go', ['tool', '-n', 'registry'], { cwd: tools, encoding: 'utf8' });
  const host = `127.0.0.1:${await freePort()}`;
  const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
  writeFileSync(at('users'), `${USER}:${HASH}\n`);
  writeFileSync(
    at('docker/config.json'),
    JSON.stringify({ auths: { [host]: { auth: authorization.slice('Basic '.length) } } }),
  );
  writeFileSync(
    at('registry.yml'),
    JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: at('data') } },
      http: { addr: host },
      auth: { htpasswd: { realm: 'test', path: at('users') } },
    }),
  );
  const log = openSync(at('log'), 'a');
  const running = spawn(binary.trim(), ['serve', at('registry.yml')], {
    stdio: ['ignore', log, log],
  });
  const ask = (what: string) => fetch(`http://${host}/v2/${what}`, { headers: { authorization } });
  const dispose = async () => {
    if (running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    await ended;
  };
  try {
    await waitFor(
      { subject: 'registry', expected: 'an answer', budgetMs: 20_000, lookAt: at('log') },
      async () => {
        const { status } = await ask('');
        if (status !== 200) throw new Error(String(status));
        return true;
      },
    );
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    host,
    dockerConfig: at('docker'),
    async images() {
      const answer = (await (await ask('_catalog?n=1000')).json()) as { repositories: string[] };
      return answer.repositories;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
