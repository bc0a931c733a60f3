import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge } from '../audit/judge.ts';
import type { ScenarioResult } from '../audit/result.ts';
import { UsageError } from '../base/errors.ts';
import { readIdentity } from '../network/foreign/identity.ts';
import { type ForeignProfile, readProfile, stateServer } from '../network/foreign/profile.ts';
import { ForeignReader } from '../network/foreign/reader.ts';
import { saveForeign } from '../scenario/evidence/save-foreign.ts';
import { interruptible } from './context.ts';

/** Options of `harness audit --network`, as the command line gives them. */
export interface NetworkOptions {
  readonly network: string;
  readonly identity?: string;
  readonly channel?: readonly string[];
  readonly from?: string;
  readonly couchdb?: readonly string[];
  readonly asLocalhost?: boolean;
  readonly rate?: string;
  readonly save?: string;
}

/**
 * Reads the channels of a network that others run and judges each.
 *
 * @returns results by the channel's name
 * @throws UsageError for a profile, an identity or a node that cannot be used
 */
export async function auditNetwork(
  options: NetworkOptions,
): Promise<ReadonlyMap<string, ScenarioResult>> {
  const { identity: folder } = options;
  const from = wholeNumber('--from', options.from ?? '0', 0);
  const rate = wholeNumber('--rate', options.rate ?? '20', 1) * 1_000_000;
  if (folder === undefined) {
    throw new UsageError([
      '--identity: expected the MSP folder of a member to read as, e.g. users/Admin@org1.example.com/msp; seen none',
    ]);
  }
  const profile = withDatabases(readProfile(options.network), options.couchdb ?? []);
  const identity = readIdentity(folder, profile.mspId);
  const certificate = new X509Certificate(identity.certificatePem);
  using reader = new ForeignReader({
    profile,
    identity,
    rate,
    asLocalhost: options.asLocalhost ?? false,
  });
  const { signal } = interruptible();
  const channels = await channelsOf(options.channel ?? profile.channels, reader);
  const temporary = options.save === undefined;
  const root = options.save ?? mkdtempSync(path.join(tmpdir(), 'harness-audit-'));
  if (existsSync(root) && readdirSync(root).length > 0) {
    throw new UsageError([`--save ${root}: expected a new or an empty folder, seen files in it`]);
  }
  try {
    const results = new Map<string, ScenarioResult>();
    for (const channel of channels) {
      // The one that `harness audit FOLDER` looks for.
      const place = path.join(root, 'scenarios', channel);
      await saveForeign(reader, place, {
        channel,
        from,
        identity: {
          what: `certificate of the reader (${folder})`,
          until: Date.parse(certificate.validTo),
        },
        note: (text) => console.error(`harness: ${text}`),
        signal,
      });
      results.set(channel, judge(place));
    }
    return results;
  } finally {
    if (temporary) rmSync(root, { recursive: true, force: true });
  }
}

async function channelsOf(
  named: readonly string[],
  reader: ForeignReader,
): Promise<readonly string[]> {
  if (named.length > 0) return named;
  const found = await reader.channels();
  if (found.length > 0) return found;
  const own = reader.peers.map(({ name, address }) => `${name} at ${address}`).join(', ');
  throw new UsageError([
    `--channel: expected a name, since no peer of the identity's organisation says which channels it is in (asked: ${own})`,
  ]);
}

function withDatabases(profile: ForeignProfile, given: readonly string[]): ForeignProfile {
  const databases = new Map(profile.databases);
  for (const text of given) {
    const [peer = '', url = ''] = text.split(/=(.*)/s);
    if (!profile.peers.some(({ name }) => name === peer)) {
      throw new UsageError([
        `--couchdb ${peer}: expected one of ${profile.peers.map(({ name }) => name).join(', ')}`,
      ]);
    }
    databases.set(peer, stateServer(`--couchdb ${peer}`, url));
  }
  return { ...profile, databases };
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least) return number;
  throw new UsageError([
    `${option}: expected a whole number of at least ${least}, seen ${JSON.stringify(text)}`,
  ]);
}
