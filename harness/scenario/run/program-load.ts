import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { patient } from '../../base/patience.ts';
import { decodeBlock } from '../../fabric/ledger/decoder.ts';
import { LEASHED, runTool } from '../../images/tool.ts';
import { deploymentOf } from '../../network/deployment.ts';
import { writeExport } from '../../network/export/write-export.ts';
import type { Network } from '../../network/port.ts';
import { BY_A_PROGRAM, FOUND } from '../../workload/history.ts';
import type { History } from '../../workload/history-writer.ts';
import type { ProgramLoad } from '../author/definition.ts';

/** Milliseconds between being told to stop and being made to. */
const GRACE_MS = 10_000;
const LOG = 'program.log';
/** Name of the client whose operations a program's are. */
export const PROGRAM = 'program';

/** A line of a program: an operation that has ended, as its client knows it. */
const line = z.object({
  /** The one under test if absent. */
  chaincode: z.string().optional(),
  function: z.string(),
  args: z.array(z.string()).default([]),
  transactionId: z.string().optional(),
  outcome: z.enum(['ok', 'fail', 'unknown']),
  kind: z.enum(['submit', 'evaluate']).default('submit'),
  /** It was refused by the chaincode. */
  refused: z.boolean().optional(),
  code: z.string().optional(),
  block: z.int().min(0).optional(),
  result: z.string().optional(),
  error: z.string().optional(),
});

export interface ProgramRun {
  readonly program: ProgramLoad;
  readonly chaincode: string;
  readonly network: Network;
  readonly channel: string;
  readonly history: History;
  /** Where the program's standard error goes, and what of its output is no operation. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Writes the export; for tests. */
  readonly exportTo?: (network: Network, folder: string) => Promise<void>;
}

/** As whom an exported program comes: its organisation's exported user, whom nobody else uses on a scenario's channel. */
function identityOf(network: Network) {
  const { identities, topology } = deploymentOf(network, 'a program as load');
  const [organisation] = topology.organisations;
  const owned = identities.organisations[organisation?.name ?? ''];
  const [peer] = organisation?.peers ?? [];
  if (!owned || !peer) throw new Error('topology: expected an organisation with a peer, seen none');
  return { certificate: owned.user.certificate, mspId: owned.mspId, peer: peer.name };
}

/**
 * Builds a user's program, if it is to be built.
 *
 * @param folder of the evidence, whose `program.log` has the build's output
 * @throws ImageBuildError with its last lines when it fails
 */
export async function buildProgram(
  { command, folder: cwd, build }: ProgramLoad,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  if (build === undefined) return;
  const image = `program ${command.join(' ')}`;
  await runTool(build, { image, log: path.join(folder, LOG), signal, ...(cwd && { cwd }) });
}

/**
 * Runs a user's program beside the faults until the signal aborts: it is told where an export of the network lies, and
 * each line of JSON that it prints is an operation of the history.
 *
 * @returns how many operations it told of
 */
export async function runProgram(run: ProgramRun): Promise<number> {
  const { program, network, channel, chaincode, history, folder, signal } = run;
  const { exportTo = writeExport } = run;
  const exported = await mkdtemp(path.join(tmpdir(), 'harness-export-'));
  try {
    await exportTo(network, exported);
    const log = createWriteStream(path.join(folder, LOG), { flags: 'a' });
    const child = spawn('sh', ['-c', LEASHED, 'sh', ...program.command], {
      cwd: program.folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        HARNESS_EXPORT: exported,
        HARNESS_CHANNEL: channel,
        HARNESS_CHAINCODE: chaincode,
      },
    });
    child.stdin.on('error', () => {}); // the leash is gone once the program is
    child.stderr.pipe(log, { end: false });
    const ended = new Promise<string | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, killed) =>
        resolve(code === 0 ? undefined : killed ? `signal ${killed}` : `exit code ${code}`),
      );
    });
    let grace: NodeJS.Timeout | undefined;
    const stop = () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      grace = setTimeout(() => child.stdin.end(), patient(GRACE_MS));
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      let operations = 0;
      for await (const text of createInterface({ input: child.stdout })) {
        const operation = operationIn(text);
        if (!operation) log.write(`${text}\n`);
        else {
          record(history, run, operation);
          operations += 1;
        }
      }
      const seen = await ended;
      if (seen && !signal.aborted) {
        history.trouble(
          `program ${program.command.join(' ')}: expected it to run until it is told to stop, seen ${seen}; look at ${LOG}`,
        );
      }
      return operations;
    } finally {
      signal.removeEventListener('abort', stop);
      clearTimeout(grace);
      child.stdin.end();
      log.end();
    }
  } finally {
    await rm(exported, { recursive: true, force: true });
  }
}

type Operation = z.output<typeof line>;

/** The operation that a line tells of; `undefined` for a line that is none. */
export function operationIn(text: string): Operation | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const parsed = line.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function record(
  history: History,
  { network, channel, chaincode }: Pick<ProgramRun, 'network' | 'channel' | 'chaincode'>,
  operation: Operation,
  intent: string = BY_A_PROGRAM,
): void {
  const { function: called, args, transactionId, kind, outcome, ...rest } = operation;
  const { chaincode: named = chaincode, ...told } = rest;
  const { mspId, peer } = identityOf(network);
  const number = history.nextOperation();
  history.append({
    type: 'invoke',
    operation: number,
    client: PROGRAM,
    msp: mspId,
    channel,
    chaincode: named,
    kind,
    function: called,
    args,
    intent,
    peers: kind === 'evaluate' ? [peer] : [],
    ...(transactionId === undefined ? {} : { transactionId }),
    at: history.now(),
  });
  const known = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
  history.append({ type: 'complete', operation: number, outcome, ...known, at: history.now() });
}

/**
 * What a program that tells nothing has done: its identity's transactions, as one peer's ledger has them. What it was told
 * of them nobody knows.
 *
 * @param height of the channel
 * @returns how many there are
 */
export async function adoptTransactions(
  run: Pick<ProgramRun, 'network' | 'channel' | 'chaincode' | 'history'>,
  height: number,
): Promise<number> {
  const { network, channel } = run;
  const { certificate, peer } = identityOf(network);
  let adopted = 0;
  for await (const raw of network.ledgers.blocks(peer, channel, height - 1)) {
    for (const { id, args, parts, chaincode } of decodeBlock(raw).transactions) {
      if (!parts.creator.includes(certificate)) continue;
      const [called = '', ...rest] = args;
      const operation = { chaincode, function: called, args: rest, transactionId: id };
      record(run.history, run, { ...operation, outcome: 'unknown', kind: 'submit' }, FOUND);
      adopted += 1;
    }
  }
  return adopted;
}
