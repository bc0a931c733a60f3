import { canonicalValue } from '../canonical.ts';
import type { ChannelCheck, ChannelContext } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { StateEntry } from '../recording.ts';

const MISSING = 'no such key';
const show = ({ value, version }: StateEntry): string =>
  `${value.length > 80 ? `${value.slice(0, 80)}…` : value} (version ${version})`;

/** `unknown` unless the state of every expected peer was recorded. */
function requireAllPeers(findings: Findings, { facts, recording, channel }: ChannelContext): void {
  const recorded = recording.state(channel).map(({ peer }) => peer);
  const missing = facts.peers.filter((peer) => !recorded.includes(peer));
  if (missing.length > 0) findings.unknown(`no state from ${missing.join(', ')}`);
}

/**
 * F9, for the database of the scenario's chaincode (`<channel>_<chaincode>`). Databases of other namespaces are not
 * recorded, neither `<channel>__lifecycle` (definitions of chaincodes) nor those of private data: a difference there
 * shows only when a peer validates otherwise than the others (F8) or its endorsements disagree, not by itself.
 */
export const sameState: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F9',
    name: 'same state in every database',
    guarantee:
      "The state databases of all peers hold the same keys with the same values and versions for the chaincode's namespace.",
  },
  create(context) {
    const findings = new Findings(sameState.definition);
    return {
      finish() {
        const [first, ...others] = context.recording.state(context.channel);
        const expected = new Map<string, StateEntry>();
        for (const entry of first?.entries ?? []) expected.set(entry.key, entry);
        for (const { peer, entries } of others) {
          const seen = new Set<string>();
          const differs = (key: string, here: string, there: string): void =>
            findings.violation({
              key,
              sources: [first?.peer ?? '', peer],
              message: `key ${key} is ${here} on ${first?.peer} and ${there} on ${peer}`,
            });
          for (const entry of entries) {
            findings.count('keys compared');
            seen.add(entry.key);
            const other = expected.get(entry.key);
            if (!other) differs(entry.key, MISSING, show(entry));
            else if (other.value !== entry.value || other.version !== entry.version) {
              differs(entry.key, show(other), show(entry));
            }
          }
          for (const [key, entry] of expected) {
            if (!seen.has(key)) differs(key, show(entry), MISSING);
          }
        }
        requireAllPeers(findings, context);
        findings.floor('keys compared', 1);
        return findings.result();
      },
    };
  },
};

/** F10, for the same database as {@link sameState}. */
export const replayedState: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F10',
    name: 'state is the replay of the chain',
    guarantee:
      'The state database of every peer holds exactly what replaying the write sets of all VALID transactions from block 0 gives.',
  },
  create(context) {
    const findings = new Findings(replayedState.definition);
    const { replay, scenario, recording, channel } = context;
    return {
      finish() {
        for (const { peer, entries } of recording.state(channel)) {
          const seen = new Set<string>();
          const wrong = (key: string, expected: string, found: string, block?: number): void =>
            findings.violation({
              key,
              ...(block !== undefined && { block }),
              sources: [peer],
              message: `key ${key} should be ${expected}, ${peer} has ${found}`,
            });
          for (const entry of entries) {
            const { key } = entry;
            findings.count('keys compared');
            if (seen.has(key)) wrong(key, 'there once', 'it twice');
            seen.add(key);
            const written = replay.get(scenario.chaincode, key);
            if (!written) {
              wrong(key, MISSING, show(entry));
              continue;
            }
            const expected = {
              key,
              value: canonicalValue(written.value),
              version: `${written.block}:${written.transaction}`,
            };
            if (expected.value !== entry.value || expected.version !== entry.version) {
              wrong(key, show(expected), show(entry), written.block);
            }
          }
          for (const [key, { value, block, transaction }] of replay.entries(scenario.chaincode)) {
            if (seen.has(key)) continue;
            const version = `${block}:${transaction}`;
            wrong(key, show({ key, value: canonicalValue(value), version }), MISSING, block);
          }
        }
        requireAllPeers(findings, context);
        findings.floor('keys compared', 1);
        return findings.result();
      },
    };
  },
};
