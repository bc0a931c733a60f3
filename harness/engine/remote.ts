import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import Docker from 'dockerode';
import { messageOf } from '../base/errors.ts';
import { socketClient } from './endpoint.ts';

/** An engine on another host, over a connection that ends with this process. */
export interface RemoteEngine {
  readonly docker: Docker;
  /** As DOCKER_HOST has it. */
  readonly host: string;
  /** The host's port that the connection needs. */
  readonly port: number;
  close(): void;
}

/** Milliseconds for a connection by ssh, its key exchange included. */
const SSH_MS = 20_000;
const SSH_PORT = 22;
const TLS_PORT = 2376;

/**
 * Connects to an engine as DOCKER_HOST names it: `ssh://[user@]host[:port]` by the user's own ssh (its configuration,
 * keys and known hosts), `tcp://host[:port]` with the certificates in DOCKER_CERT_PATH, or `unix://`.
 *
 * @throws Error with what ssh said, or which certificate is missing
 */
export async function connectRemote(
  host: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RemoteEngine> {
  const url = new URL(host);
  if (url.protocol === 'ssh:') return overSsh(host, url);
  if (url.protocol === 'unix:') {
    return { docker: socketClient(url.pathname), host, port: SSH_PORT, close() {} };
  }
  if (url.protocol !== 'tcp:') {
    throw new Error(`${host}: expected ssh://, tcp:// or unix://`);
  }
  const { DOCKER_CERT_PATH: folder, DOCKER_TLS_VERIFY: verify } = env;
  if (!verify || !folder) {
    throw new Error(
      `${host}: expected DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH with it: an engine on a plain port is everybody's`,
    );
  }
  const pem = (file: string) => readFileSync(path.join(folder, file));
  const tls = { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') };
  const port = Number(url.port || TLS_PORT);
  const agent = new Agent({ ...tls, keepAlive: true, keepAliveMsecs: 5_000, maxFreeSockets: 4 });
  const options = { protocol: 'https', host: url.hostname, port, ...tls, agent };
  return {
    docker: new Docker(options as Docker.DockerOptions),
    host,
    port,
    close: () => agent.destroy(),
  };
}

/** One ssh process that forwards a socket; it ends when its standard input does, so with this process. */
async function overSsh(host: string, url: URL): Promise<RemoteEngine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'harness-ssh-'));
  const socketPath = path.join(folder, 's');
  const child = spawn(
    'ssh',
    [
      ...['-T', '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes'],
      ...['-o', `ConnectTimeout=${SSH_MS / 2_000}`, '-o', 'ServerAliveInterval=10'],
      ...['-L', `${socketPath}:/var/run/docker.sock`],
      ...(url.port ? ['-p', url.port] : []),
      ...(url.username ? ['-l', decodeURIComponent(url.username)] : []),
      url.hostname,
      'echo connected; exec cat >/dev/null',
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const close = () => {
    child.stdin.destroy();
    child.kill('SIGTERM');
    remove();
  };
  process.once('exit', remove);
  child.stdin.on('error', () => {}); // its end is told by `exit`
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${SSH_MS} ms`)), SSH_MS);
      child.once('error', reject);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(said.trim().split('\n').at(-1) || `ssh ended with exit code ${code}`));
      });
      createInterface({ input: child.stdout }).once('line', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  } catch (error) {
    close();
    throw new Error(`${host}: ${messageOf(error)}`);
  }
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    (stream as { unref?: () => void }).unref?.();
  }
  return {
    docker: socketClient(socketPath),
    host,
    port: Number(url.port || SSH_PORT),
    close,
  };
}
