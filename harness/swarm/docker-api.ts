import { Agent } from 'node:https';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { patient } from '../base/patience.ts';
import type { ApiCertificates } from './tls.ts';

/** Port of an engine inside a machine; TLS with client certificates, nothing in the clear. */
export const API_PORT = 2376;

/** What a command printed and how it ended. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  /** Milliseconds until the wait is given up (the command may go on). */
  readonly budgetMs?: number;
  readonly stdin?: string | Buffer;
  readonly user?: string;
}

/** A client for a machine's engine. */
export function machineApi(
  address: string,
  certificates: Pick<ApiCertificates, 'ca' | 'client'>,
): Docker {
  const tls = { ca: certificates.ca, cert: certificates.client.cert, key: certificates.client.key };
  const agent = new Agent({ ...tls, keepAlive: true, keepAliveMsecs: 5_000, maxFreeSockets: 4 });
  return new Docker({
    protocol: 'https',
    host: address,
    port: API_PORT,
    ...tls,
    agent,
  } as Docker.DockerOptions);
}

/**
 * Runs a command in a container and waits for its end.
 *
 * @throws Error when the command cannot be started or does not end in time
 */
export async function execIn(
  container: Docker.Container,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: options.stdin !== undefined,
    ...(options.user ? { User: options.user } : {}),
  });
  const stream = await exec.start({ hijack: true, stdin: options.stdin !== undefined });
  if (options.stdin !== undefined) stream.end(options.stdin);
  const output = demultiplex(stream);
  const budget = patient(options.budgetMs ?? 30_000);
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      stream.destroy();
      reject(new Error(`${command.join(' ')}: expected an end within ${budget} ms, seen none`));
    }, budget);
  });
  try {
    const { stdout, stderr } = await Promise.race([output, overdue]);
    const { ExitCode } = await exec.inspect();
    return { exitCode: ExitCode ?? -1, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

/** {@link execIn}, for commands that must succeed; returns what they printed, trimmed. */
export async function execOk(
  container: Docker.Container,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await execIn(container, command, options);
  if (exitCode !== 0) {
    throw new Error(`${command.join(' ')}: exit code ${exitCode}: ${(stderr || stdout).trim()}`);
  }
  return stdout.trim();
}

/**
 * Splits the engine's multiplexed stream (8-byte frame header: stream number, length) and collects both parts.
 */
export async function demultiplex(
  stream: NodeJS.ReadableStream,
): Promise<{ stdout: string; stderr: string }> {
  const parts: [Buffer[], Buffer[]] = [[], []];
  for await (const frame of frames(stream as Readable))
    parts[frame.stderr ? 1 : 0].push(frame.data);
  return { stdout: Buffer.concat(parts[0]).toString(), stderr: Buffer.concat(parts[1]).toString() };
}

/** The frames of a multiplexed stream, as they come. */
export async function* frames(
  stream: AsyncIterable<Buffer>,
): AsyncGenerator<{ stderr: boolean; data: Buffer }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4);
      if (rest.length < 8 + length) break;
      yield { stderr: rest[0] === 2, data: rest.subarray(8, 8 + length) };
      rest = rest.subarray(8 + length);
    }
  }
}
