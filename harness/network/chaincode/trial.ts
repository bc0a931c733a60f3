import type Docker from 'dockerode';
import { waitFor } from '../../base/wait.ts';
import { tar } from '../../fabric/artefacts/tar.ts';
import type { KeyPair } from '../../fabric/identities/certificates.ts';
import {
  CHAINCODE_PORT,
  type ChaincodeServer,
  chaincodeEnvironment,
  chaincodeFiles,
} from '../../fabric/services/chaincode-environment.ts';
import { containerLog } from '../../swarm/logs.ts';
import type { Machine } from '../port.ts';

export interface TrialOptions {
  readonly name: string;
  /** Tag in the machine. */
  readonly image: string;
  readonly machine: Machine;
  readonly certificate: KeyPair;
  readonly mspId: string;
  readonly signal: AbortSignal;
  /** Milliseconds for the port to open; a JVM on busy cores takes ten seconds and more. */
  readonly budgetMs?: number;
}

/** How a try of a chaincode server went. */
type Outcome =
  | { readonly speaks: 'tls' | 'plain' }
  | {
      readonly problem: string;
      readonly mutual?: true;
      /** It ran and opened no port: asked in another way it would take as long to say the same. */
      readonly late?: true;
    };

/** How a server is asked to serve. */
type Asked = Pick<ChaincodeServer, 'tls'> & Required<Pick<ChaincodeServer, 'namesRoots'>>;

const LAST_LINES = 12;
/** Milliseconds for a server that listens to answer: on busy cores a handshake may take seconds. */
const SPEAKS_MS = 30_000;

/**
 * Starts a chaincode server once, alone and without a network, and sees what it does: the package that peers install must
 * say whether to call it by TLS, and what would only show as failed calls under load is told here.
 *
 * It is asked for TLS first, with a file of roots, which some take for the authority of their callers: one that then
 * demands a certificate of the peer is asked without. A server that fails is asked to serve in the clear.
 *
 * @returns whether it speaks TLS, and whether it was given roots
 * @throws Error that says how it ended, or what its port did, with the last lines of its log
 */
export async function tryChaincode(options: TrialOptions): Promise<Asked> {
  const ways: Asked[] = [{ tls: true, namesRoots: true }];
  let first: string | undefined;
  for (const asked of ways) {
    const outcome = await attempt(options, asked);
    if ('speaks' in outcome) return { ...asked, tls: outcome.speaks === 'tls' };
    first ??= outcome.problem;
    if (outcome.late) break;
    if (asked.namesRoots) ways.push({ tls: outcome.mutual === true, namesRoots: false });
    else if (asked.tls) first = outcome.problem;
  }
  throw new Error(`chaincode ${options.name}: ${first}`);
}

async function attempt(options: TrialOptions, asked: Asked): Promise<Outcome> {
  const { machine, image, name, certificate, mspId, signal, budgetMs = 60_000 } = options;
  const packageId = `${name}_trial:${'0'.repeat(64)}`;
  const env = chaincodeEnvironment({ packageId, mspId, ...asked });
  const container = await machine.docker.createContainer({
    Image: image,
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    Hostname: name,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    const files = chaincodeFiles(certificate).map(({ path, content }) => [path.slice(1), content]);
    await container.putArchive(await tar(Object.fromEntries(files)), { path: '/' });
    await container.start();
    const budget = {
      subject: `chaincode ${name}`,
      expected: `port ${CHAINCODE_PORT} open`,
      budgetMs,
    };
    const seen = await waitFor({ ...budget, intervalMs: 200, signal }, async () => {
      const { State } = await container.inspect();
      if (!State.Running) return { ended: State.ExitCode, oom: State.OOMKilled };
      return (await listens(machine, State.Pid)) ? { pid: State.Pid } : undefined;
    }).catch((error: Error) => {
      signal.throwIfAborted();
      return { late: error.message };
    });
    if ('pid' in seen) return await spokenBy(machine, seen.pid, signal);
    const told = await lastLines(container);
    if ('late' in seen) {
      return {
        problem:
          `expected it to listen on CHAINCODE_SERVER_ADDRESS (0.0.0.0:${CHAINCODE_PORT}) within ${budgetMs / 1000} s, ` +
          `seen no such port${told}`,
        late: true,
      };
    }
    const oom = seen.oom ? ', out of memory' : '';
    return {
      problem: `expected a server that stays, seen it end with exit code ${seen.ended}${oom}${told}`,
    };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: `expected its container to start, seen ${(error as Error).message}` };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/** Whether a process's network has a listener on the chaincode's port; nothing connects, so nothing is logged. */
export async function listens(machine: Machine, pid: number): Promise<boolean> {
  const { stdout } = await machine.exec(['cat', `/proc/${pid}/net/tcp`, `/proc/${pid}/net/tcp6`]);
  const port = CHAINCODE_PORT.toString(16).toUpperCase().padStart(4, '0');
  return new RegExp(`^\\s*\\d+: [0-9A-F]+:${port} [0-9A-F]+:0000 0A `, 'm').test(stdout);
}

/** Asks for a TLS handshake, else for HTTP/2 in the clear, which is what gRPC is without TLS. */
async function spokenBy(machine: Machine, pid: number, signal: AbortSignal): Promise<Outcome> {
  const at = `127.0.0.1:${CHAINCODE_PORT}`;
  const script = `
said=$(timeout 10 openssl s_client -connect ${at} -alpn h2 </dev/null 2>/dev/null)
case $said in *'Acceptable client certificate CA'*|*'Requested Signature Algorithms'*) echo mutual; exit;; esac
case $said in *'BEGIN CERTIFICATE'*) echo tls; exit;; esac
exec 3<>/dev/tcp/127.0.0.1/${CHAINCODE_PORT} || exit
printf 'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n\\0\\0\\0\\4\\0\\0\\0\\0\\0' >&3
timeout 5 head -c 4 <&3 | od -An -tx1 | grep -q ' 04$' && echo plain`;
  const budget = { subject: 'chaincode', expected: 'gRPC', budgetMs: SPEAKS_MS, signal };
  const asked = ['nsenter', '-t', String(pid), '-n', 'bash', '-c', script];
  return await waitFor(budget, async (): Promise<Outcome | undefined> => {
    const spoken = (await machine.exec(asked)).stdout.trim();
    if (spoken === 'mutual') {
      return {
        problem:
          'expected a server that any peer may call, seen one that demands a certificate of it',
        mutual: true,
      };
    }
    return spoken === 'tls' || spoken === 'plain' ? { speaks: spoken } : undefined;
  }).catch(() => {
    signal.throwIfAborted();
    return {
      problem: `expected gRPC on port ${CHAINCODE_PORT}, with TLS or without, seen neither`,
    };
  });
}

/** The end of a container's log, as a sentence's end. */
export async function lastLines(container: Docker.Container): Promise<string> {
  const log = await containerLog(container, { tail: { lines: LAST_LINES, bytes: 4_000 } });
  const text = log.toString('utf8').trim();
  if (text === '') return '; it logged nothing';
  return `; its last lines:\n${text.replace(/^/gm, '  ')}`;
}
