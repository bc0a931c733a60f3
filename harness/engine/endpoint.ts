import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { after } from '../../fabric-client/until.ts';
import { messageOf } from '../base/errors.ts';

/** A place where a Docker engine may answer. */
export interface Endpoint {
  /** `unix:///path`, `tcp://host:port` or `ssh://…`, as DOCKER_HOST has it. */
  readonly host: string;
  /** Who named it, for messages. */
  readonly source: string;
}

/**
 * The endpoints that the Docker CLI would use, best first: DOCKER_HOST, the current context, the default socket.
 * Contexts: `docker/cli` `cli/context/store`, one folder per context named by the SHA-256 of its name.
 */
export function candidateEndpoints(env: NodeJS.ProcessEnv): Endpoint[] {
  const found: Endpoint[] = [];
  if (env.DOCKER_HOST) found.push({ host: env.DOCKER_HOST, source: 'DOCKER_HOST' });
  const context = currentContext(env);
  if (context) found.push(context);
  found.push({ host: 'unix:///var/run/docker.sock', source: 'the default socket' });
  return found.filter((e, i) => found.findIndex((other) => other.host === e.host) === i);
}

function currentContext(env: NodeJS.ProcessEnv): Endpoint | undefined {
  const folder = env.DOCKER_CONFIG || path.join(homedir(), '.docker');
  const config = readJson(path.join(folder, 'config.json')) as
    | { currentContext?: string }
    | undefined;
  const name = env.DOCKER_CONTEXT || config?.currentContext;
  if (!name || name === 'default') return undefined;
  const id = createHash('sha256').update(name).digest('hex');
  const meta = readJson(path.join(folder, 'contexts', 'meta', id, 'meta.json')) as
    | { Endpoints?: { docker?: { Host?: string } } }
    | undefined;
  const host = meta?.Endpoints?.docker?.Host;
  return host ? { host, source: `the Docker context "${name}"` } : undefined;
}

function readJson(file: string): unknown {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // a broken CLI configuration is the CLI's to report
  }
}

/** A client for an endpoint. TLS material comes from DOCKER_CERT_PATH, as docker-modem reads it. */
export function clientFor(host: string): Docker {
  if (host.startsWith('unix://')) return socketClient(host.slice('unix://'.length));
  const url = new URL(host);
  if (url.protocol === 'ssh:') {
    return new Docker({
      protocol: 'ssh',
      host: url.hostname,
      port: Number(url.port || 22),
      ...(url.username ? { username: url.username } : {}),
    });
  }
  const tls = process.env.DOCKER_TLS_VERIFY ? 'https' : 'http';
  const folder = process.env.DOCKER_CERT_PATH;
  const pem = (file: string) => readFileSync(path.join(folder ?? '', file));
  return new Docker({
    protocol: tls,
    host: url.hostname,
    port: Number(url.port || 2375),
    ...(tls === 'https' && folder
      ? { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') }
      : {}),
  });
}

/** A client at a socket, whatever DOCKER_HOST says: docker-modem prefers a host of the environment to a given socket. */
export function socketClient(socketPath: string): Docker {
  const none = { host: '', port: undefined, ca: undefined, cert: undefined, key: undefined };
  return new Docker({ socketPath, protocol: 'http', ...none } as unknown as Docker.DockerOptions);
}

/** An environment that names the engine of this host, whatever the given one names. */
export function localEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, ...rest } = env;
  return { ...rest, DOCKER_CONTEXT: 'default' };
}

/** How a failure begins where something took the question and did not answer it. */
export const NO_ANSWER = 'no answer within';

/**
 * Whether an engine answers at an endpoint.
 *
 * @param budgetMs how long it may take
 * @returns `undefined` if it answers, else why not, in one line
 */
export async function pingFailure(host: string, budgetMs = 1500): Promise<string | undefined> {
  const answer = clientFor(host)
    .ping()
    .then(
      () => undefined,
      (error: unknown) => messageOf(error).split('\n')[0],
    );
  const first = await Promise.race([answer, after(budgetMs)]);
  return first === null ? `${NO_ANSWER} ${budgetMs} ms` : first;
}
