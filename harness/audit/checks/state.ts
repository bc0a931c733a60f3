import type { ChannelCheck, ChannelContext } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { StateEntry } from '../recording.ts';
import {
  type Expected,
  expectedState,
  identityOf,
  inWords,
  SAVEPOINT,
  secretsIn,
} from '../state-databases.ts';

const MISSING = 'no such key';
type Shown = Pick<StateEntry, 'value' | 'version' | 'metadata'>;
const show = ({ value, version, metadata = '' }: Shown): string => {
  const short = value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return `${short} (version ${version || 'none'}${metadata === '' ? '' : `, metadata ${metadata}`})`;
};

/** `unknown` unless the state of every expected peer was recorded. */
export function requireAllPeers(
  findings: Findings,
  { facts, recording, channel }: ChannelContext,
): void {
  const recorded = recording.state(channel).map(({ peer }) => peer);
  const wanted = facts.databases ?? facts.peers;
  const missing = wanted.filter((peer) => !recorded.includes(peer));
  if (missing.length > 0) findings.unknown(`no state from ${missing.join(', ')}`);
}

const equal = (a: Shown, b: Shown): boolean =>
  a.value === b.value && a.version === b.version && (a.metadata ?? '') === (b.metadata ?? '');

/** Private data are with members only; F33 is about them. */
const isShared = ({ namespace }: StateEntry): boolean =>
  namespace === undefined || secretsIn(namespace) === undefined;

export const sameState: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F9',
    name: 'same state in every database',
    guarantee:
      'The state databases of all peers hold the same keys with the same values, versions and metadata: those of every chaincode, of the definitions of chaincodes, of the channel itself and of the hashes of private data.',
  },
  create(context) {
    const findings = new Findings(sameState.definition);
    const { chaincode } = context.scenario;
    const identity = ({ namespace = chaincode, key }: StateEntry): string =>
      identityOf(namespace, key);
    return {
      finish() {
        const [first, ...others] = context.recording.state(context.channel);
        const expected = new Map<string, StateEntry>();
        for (const entry of first?.entries ?? []) {
          if (isShared(entry)) expected.set(identity(entry), entry);
        }
        for (const { peer, entries } of others) {
          const seen = new Set<string>();
          const differs = (entry: StateEntry, here: string, there: string): void =>
            findings.violation({
              key: entry.key,
              sources: [first?.peer ?? '', peer],
              message: `${inWords(entry, chaincode)} is ${here} on ${first?.peer} and ${there} on ${peer}`,
            });
          for (const entry of entries) {
            if (!isShared(entry)) continue;
            findings.count('keys compared');
            seen.add(identity(entry));
            const other = expected.get(identity(entry));
            if (!other) differs(entry, MISSING, show(entry));
            else if (!equal(other, entry)) differs(entry, show(other), show(entry));
          }
          for (const [id, entry] of expected) {
            if (!seen.has(id)) differs(entry, show(entry), MISSING);
          }
        }
        const { databases } = context.facts;
        if (databases !== undefined && databases.length < 2) {
          findings.notApplicable('fewer than two databases were to be read');
          return findings.result();
        }
        requireAllPeers(findings, context);
        findings.floor('keys compared', 1);
        return findings.result();
      },
    };
  },
};

export const replayedState: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F10',
    name: 'state is the replay of the chain',
    guarantee:
      'The state databases of every peer hold exactly what replaying the write sets of all VALID transactions from block 0 gives, values as they were written, digit for digit.',
  },
  create(context) {
    const findings = new Findings(replayedState.definition);
    const { replay, scenario, recording, channel } = context;
    const { chaincode, namespaces = [chaincode] } = scenario;

    const judgePeer = (
      peer: string,
      entries: Iterable<StateEntry>,
      expected: ReadonlyMap<string, Expected>,
    ): void => {
      const seen = new Set<string>();
      const wrong = (
        entry: Pick<StateEntry, 'namespace' | 'key'>,
        wanted: string,
        found: string,
        block?: number,
      ): void =>
        findings.violation({
          key: entry.key,
          ...(block !== undefined && { block }),
          sources: [peer],
          message: `${inWords(entry, chaincode)} should be ${wanted}, ${peer} has ${found}`,
        });
      for (const entry of entries) {
        if (!isShared(entry)) continue;
        const { namespace = chaincode, key } = entry;
        findings.count('keys compared');
        const id = identityOf(namespace, key);
        if (seen.has(id)) wrong(entry, 'there once', 'it twice');
        seen.add(id);
        if (namespace === '' && key === SAVEPOINT) {
          const last = new RegExp(`"BlockNum":${replay.height - 1}[,}]`);
          if (!last.test(entry.value)) {
            wrong(entry, `at block ${replay.height - 1}`, entry.value);
          }
          continue;
        }
        const written = expected.get(id);
        if (!written) wrong(entry, MISSING, show(entry));
        else if (equal(written, entry)) continue;
        else if (equal({ ...written, value: written.rounded }, entry)) {
          findings.count('values rounded');
          wrong(
            entry,
            show(written),
            `${show(entry)}: the state database rounds numbers beyond 2^53`,
            written.block,
          );
        } else wrong(entry, show(written), show(entry), written.block);
      }
      for (const [id, entry] of expected) {
        if (!seen.has(id)) wrong(entry, show(entry), MISSING, entry.block);
      }
    };

    return {
      finish() {
        const states = recording.state(channel);
        const expected = new Map<string, Expected>();
        if (states.length > 0) {
          for (const entry of expectedState(
            replay,
            namespaces === 'all' ? undefined : namespaces,
          )) {
            expected.set(identityOf(entry.namespace, entry.key), entry);
          }
        }
        for (const { peer, entries } of states) judgePeer(peer, entries, expected);
        if (context.facts.databases?.length === 0) {
          findings.notApplicable('no database was to be read');
          return findings.result();
        }
        requireAllPeers(findings, context);
        findings.floor('keys compared', 1);
        return findings.result();
      },
    };
  },
};
