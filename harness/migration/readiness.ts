import { channelCapabilities, raftConsenters } from './configuration.ts';
import type { Consensus } from './consensus.ts';

/** BFT bears one faulty of so many, and takes over Raft's consenters one to one. */
const LEAST_CONSENTERS = 4;

/** What one orderer has as the newest configuration of a channel. */
export interface Held {
  readonly orderer: string;
  readonly now: Consensus;
}

/** TLS certificates that the orderers serve, PEM by name. */
export type Certificates = Readonly<Record<string, string | undefined>>;

/**
 * What keeps a channel from being restarted under Raft, sentences: an orderer that would stay on Kafka, and consenters
 * who are not the orderers. Pure.
 */
export function raftProblems(held: readonly Held[], certificates: Certificates): string[] {
  return held.flatMap(({ orderer, now }) => {
    if (now.type !== 'etcdraft') {
      return [`channel ${now.channel} on ${orderer}: expected type etcdraft, seen ${now.type}`];
    }
    const newest = now.changesType
      ? []
      : [
          `channel ${now.channel} on ${orderer}: expected the change of the type as the newest block, seen block ${now.newestBlock} after it, which Raft would not begin after; take it back with: harness migrate raft --abort`,
        ];
    return [...newest, ...consenterProblems(now, certificates)];
  });
}

/** What keeps a channel from becoming BFT's, sentences. Pure. */
export function bftProblems(held: readonly Held[], certificates: Certificates): string[] {
  return held.flatMap(({ now }) => {
    const { channel, type, group } = now;
    if (type === 'BFT') return [];
    if (type !== 'etcdraft') return [`channel ${channel}: ordered by ${type}`];
    const capabilities = channelCapabilities(group);
    const { size } = raftConsenters(now);
    return [
      ...(capabilities.includes('V3_0')
        ? []
        : [
            `channel ${channel}: expected capability V3_0, seen ${capabilities.join(', ')}; finish with: harness migrate fabric3`,
          ]),
      ...(size >= LEAST_CONSENTERS
        ? []
        : [
            `channel ${channel}: expected at least ${LEAST_CONSENTERS} consenters, which BFT takes over one to one, seen ${size}`,
          ]),
      ...consenterProblems(now, certificates),
    ];
  });
}

function consenterProblems(now: Consensus, certificates: Certificates): string[] {
  const consenters = raftConsenters(now);
  const missing = Object.entries(certificates).filter(
    ([name, certificate]) => consenters.get(name) !== certificate,
  );
  return missing.map(
    ([name]) =>
      `channel ${now.channel}: expected the TLS certificate of ${name} among its consenters, seen ${consenters.has(name) ? 'another' : 'none'}`,
  );
}
