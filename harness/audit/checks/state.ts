import { canonicalValue } from '../canonical.ts';
import type { ChannelCheck, ChannelContext } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { StateEntry } from '../recording.ts';
import type { StateValue } from '../replay.ts';

const MISSING = 'no such key';
const show = ({ value, version }: StateEntry): string =>
  `${value.length > 80 ? `${value.slice(0, 80)}…` : value} (version ${version})`;

/** `unknown` unless the state of every expected peer was recorded. */
function requireAllPeers(findings: Findings, { facts, recording, channel }: ChannelContext): void {
  const recorded = recording.state(channel).map(({ peer }) => peer);
  const missing = facts.peers.filter((peer) => !recorded.includes(peer));
  if (missing.length > 0) findings.unknown(`no state from ${missing.join(', ')}`);
}

/** Key and namespace in words: those of the scenario's chaincode go without saying. */
const inWords = ({ namespace, key }: Pick<StateEntry, 'namespace' | 'key'>): string =>
  `key ${key}${namespace === undefined ? '' : ` of ${namespace}`}`;

/** A key in all databases of a peer. No namespace has a line break in its name. */
const identity = ({ namespace = '', key }: StateEntry): string => `${namespace}\n${key}`;

/**
 * F9, for the databases of the scenario's namespaces: its chaincode's (`<channel>_<chaincode>`) and `<channel>__lifecycle`
 * (definitions of chaincodes). Those of private data are not recorded: a difference there shows only when a peer
 * validates otherwise than the others (F8) or its endorsements disagree, not by itself.
 */
export const sameState: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F9',
    name: 'same state in every database',
    guarantee:
      'The state databases of all peers hold the same keys with the same values and versions, for the chaincode and for the definitions of chaincodes.',
  },
  create(context) {
    const findings = new Findings(sameState.definition);
    return {
      finish() {
        const [first, ...others] = context.recording.state(context.channel);
        const expected = new Map<string, StateEntry>();
        for (const entry of first?.entries ?? []) expected.set(identity(entry), entry);
        for (const { peer, entries } of others) {
          const seen = new Set<string>();
          const differs = (entry: StateEntry, here: string, there: string): void =>
            findings.violation({
              key: entry.key,
              sources: [first?.peer ?? '', peer],
              message: `${inWords(entry)} is ${here} on ${first?.peer} and ${there} on ${peer}`,
            });
          for (const entry of entries) {
            findings.count('keys compared');
            seen.add(identity(entry));
            const other = expected.get(identity(entry));
            if (!other) differs(entry, MISSING, show(entry));
            else if (other.value !== entry.value || other.version !== entry.version) {
              differs(entry, show(other), show(entry));
            }
          }
          for (const [id, entry] of expected) {
            if (!seen.has(id)) differs(entry, show(entry), MISSING);
          }
        }
        requireAllPeers(findings, context);
        findings.floor('keys compared', 1);
        return findings.result();
      },
    };
  },
};

/** F10, for the same databases as {@link sameState}. */
export const replayedState: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F10',
    name: 'state is the replay of the chain',
    guarantee:
      'The state databases of every peer hold exactly what replaying the write sets of all VALID transactions from block 0 gives.',
  },
  create(context) {
    const findings = new Findings(replayedState.definition);
    const { replay, scenario, recording, channel } = context;
    const named = (namespace: string) => (namespace === scenario.chaincode ? {} : { namespace });
    return {
      finish() {
        for (const { peer, entries } of recording.state(channel)) {
          const seen = new Set<string>();
          const wrong = (
            entry: Pick<StateEntry, 'namespace' | 'key'>,
            expected: string,
            found: string,
            block?: number,
          ): void =>
            findings.violation({
              key: entry.key,
              ...(block !== undefined && { block }),
              sources: [peer],
              message: `${inWords(entry)} should be ${expected}, ${peer} has ${found}`,
            });
          for (const entry of entries) {
            findings.count('keys compared');
            if (seen.has(identity(entry))) wrong(entry, 'there once', 'it twice');
            seen.add(identity(entry));
            const written = replay.get(entry.namespace ?? scenario.chaincode, entry.key);
            if (!written) {
              wrong(entry, MISSING, show(entry));
              continue;
            }
            const expected = stateOf(entry.key, written);
            if (expected.value !== entry.value || expected.version !== entry.version) {
              wrong(entry, show(expected), show(entry), written.block);
            }
          }
          for (const namespace of scenario.namespaces ?? [scenario.chaincode]) {
            for (const [key, written] of replay.entries(namespace)) {
              const entry = { ...named(namespace), ...stateOf(key, written) };
              if (!seen.has(identity(entry))) wrong(entry, show(entry), MISSING, written.block);
            }
          }
        }
        requireAllPeers(findings, context);
        findings.floor('keys compared', 1);
        return findings.result();
      },
    };
  },
};

/** What a peer should hold of a key. */
const stateOf = (key: string, { value, block, transaction }: StateValue): StateEntry => ({
  key,
  value: canonicalValue(value),
  version: `${block}:${transaction}`,
});
