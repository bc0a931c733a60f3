import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { judge } from '../audit/judge.ts';
import type { ScenarioResult } from '../audit/result.ts';
import { UsageError } from '../base/errors.ts';
import { readIdentity } from '../network/foreign/identity.ts';
import { readProfile, withDatabases } from '../network/foreign/profile.ts';
import { ForeignReader } from '../network/foreign/reader.ts';
import {
  ForeignRecording,
  type Look,
  type PeerQuery,
} from '../scenario/evidence/foreign-recording.ts';
import { interruptible } from './context.ts';

/** Of the time that a watch takes, the part that is spent with reading and judging. */
const SHARE = 1 / 5;

/** Options of `harness audit --network`, as the command line gives them. */
export interface NetworkOptions {
  readonly network: string;
  readonly identity?: string;
  readonly channel?: readonly string[];
  readonly from?: string;
  readonly couchdb?: readonly string[];
  readonly query?: readonly string[];
  readonly asLocalhost?: boolean;
  readonly rate?: string;
  readonly save?: string;
  readonly watch?: string | true;
}

/** A channel as it was when it was looked at. */
export interface JudgedChannel {
  readonly channel: string;
  readonly look: Look;
  readonly result: ScenarioResult;
}

/**
 * Reads the channels of a network that others run and judges each; with `watch`, again and again until it is interrupted.
 *
 * @param judged told of each channel at each look
 * @throws UsageError for a profile, an identity or a node that cannot be used
 */
export async function auditNetwork(
  options: NetworkOptions,
  judged: (channel: JudgedChannel) => void,
): Promise<void> {
  const { identity: folder, watch } = options;
  const from = wholeNumber('--from', options.from ?? '0', 0);
  const rate = wholeNumber('--rate', options.rate ?? '20', 1) * 1_000_000;
  const seconds = wholeNumber('--watch', typeof watch === 'string' ? watch : '10', 1);
  if (folder === undefined) {
    throw new UsageError([
      '--identity: expected the MSP folder of a member to read as, e.g. users/Admin@org1.example.com/msp; seen none',
    ]);
  }
  const queries = (options.query ?? []).map(queryOf);
  const profile = withDatabases(readProfile(options.network), options.couchdb ?? []);
  const identity = readIdentity(folder, profile.mspId);
  const certificate = new X509Certificate(identity.certificatePem);
  const asLocalhost = options.asLocalhost ?? false;
  using reader = new ForeignReader({ profile, identity, rate, asLocalhost });
  using place = folderFor(options.save);
  const { signal } = interruptible();
  const channels = await channelsOf(options.channel ?? profile.channels, reader);
  const recordings = channels.map((channel) => {
    // Where `harness audit FOLDER` looks for them.
    const at = path.join(place.path, 'scenarios', channel);
    const recording = new ForeignRecording(reader, at, {
      channel,
      from,
      queries,
      identity: {
        what: `certificate of the reader (${folder})`,
        until: Date.parse(certificate.validTo),
      },
      note: (text) => console.error(`harness: ${text}`),
      signal,
    });
    return { channel, at, recording };
  });
  for (;;) {
    const begun = performance.now();
    for (const { channel, at, recording } of recordings) {
      const look = await recording.look();
      judged({ channel, look, result: judge(at) });
    }
    if (watch === undefined) return;
    // A long chain takes long to judge: the network and this host must not be kept busy by it.
    const rest = Math.max(seconds * 1_000, (performance.now() - begun) / SHARE);
    await delay(rest, undefined, { signal });
  }
}

function folderFor(save: string | undefined): Disposable & { readonly path: string } {
  if (save === undefined) {
    const temporary = mkdtempSync(path.join(tmpdir(), 'harness-audit-'));
    return {
      path: temporary,
      [Symbol.dispose]: () => rmSync(temporary, { recursive: true, force: true }),
    };
  }
  if (existsSync(save) && readdirSync(save).length > 0) {
    throw new UsageError([`--save ${save}: expected a new or an empty folder, seen files in it`]);
  }
  return { path: save, [Symbol.dispose]: () => undefined };
}

async function channelsOf(
  named: readonly string[],
  reader: ForeignReader,
): Promise<readonly string[]> {
  if (named.length > 0) return named;
  const { found, problems } = await reader.channels();
  if (found.length > 0) return found;
  throw new UsageError([
    "--channel: expected a name, since no peer of the identity's organisation says which channels it is in",
    ...problems.map((problem) => `  ${problem}`),
  ]);
}

function queryOf(text: string): PeerQuery {
  const [chaincode = '', rest = ''] = text.split(/:(.*)/s);
  try {
    const call = z.array(z.string()).min(1).parse(JSON.parse(rest));
    if (chaincode !== '') return { chaincode, call, text };
  } catch {
    // The same answer.
  }
  throw new UsageError([
    `--query: expected CHAINCODE:["FUNCTION", "ARGUMENT", …], seen ${JSON.stringify(text)}`,
  ]);
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least) return number;
  throw new UsageError([
    `${option}: expected a whole number of at least ${least}, seen ${JSON.stringify(text)}`,
  ]);
}
