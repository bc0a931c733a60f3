import { hash } from 'node:crypto';
import { FieldReader } from '../../fabric/ledger/wire.ts';
import { implicitOwner } from '../channel/definitions.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { StateEntry } from '../recording.ts';
import { Lives, secretsIn } from '../state-databases.ts';
import { requireAllPeers } from './state.ts';

/** A key of a collection that somebody must, or may, hold. */
interface Secret {
  readonly chaincode: string;
  readonly collection: string;
  /** Hexadecimal hash of the key: the key itself is not for reports. */
  readonly hash: string;
}

const nameOf = ({ chaincode, collection, hash: key }: Secret): string =>
  `${chaincode}/${collection} ${key}`;
const inWords = ({ chaincode, collection, hash: key }: Secret): string =>
  `the private key with hash ${key.slice(0, 16)}… of collection ${collection} of ${chaincode}`;

export const privateData: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F33',
    name: 'private data with their members',
    guarantee:
      'Every member of a private collection holds exactly the data whose hashes the chain has and whose life is not over, in the version of the hash; nobody else holds any.',
  },
  create(context) {
    const findings = new Findings(privateData.definition);
    const { replay, facts, recording, channel, scenario } = context;

    const judgePeer = (
      peer: string,
      entries: Iterable<StateEntry>,
      wanted: ReadonlyMap<string, Secret & { readonly version: string; readonly value: string }>,
      isMember: (chaincode: string, collection: string) => boolean,
    ): void => {
      const held = new Set<string>();
      const wrong = (secret: Secret, message: string): void =>
        findings.violation({ sources: [peer], message: `${inWords(secret)}: ${message}` });
      for (const { namespace, key, value, version } of entries) {
        const place = secretsIn(namespace ?? scenario.chaincode);
        if (!place) continue;
        findings.count('private keys');
        const secret = { ...place, hash: hash('sha256', key, 'hex') };
        const expected = wanted.get(nameOf(secret));
        held.add(nameOf(secret));
        if (!isMember(place.chaincode, place.collection)) {
          wrong(secret, `${peer} holds it and is no member`);
        } else if (!expected) wrong(secret, `${peer} holds it, the chain has no hash of it`);
        else if (expected.version !== version) {
          wrong(secret, `${peer} has version ${version}, the chain has ${expected.version}`);
        } else if (!matches(value, expected.value)) {
          wrong(secret, `what ${peer} holds does not have the hash that the chain has`);
        }
      }
      for (const [name, secret] of wanted) {
        if (held.has(name) || !isMember(secret.chaincode, secret.collection)) continue;
        wrong(secret, `${peer} is a member and does not hold it`);
      }
    };

    return {
      finish() {
        const lives = new Lives(replay);
        const wanted = new Map<string, Secret & { version: string; value: string }>();
        for (const { namespace, collection, entries } of replay.collections()) {
          for (const [key, { value, block, transaction }] of entries) {
            if (lives.isOver(namespace, collection, block)) continue;
            const secret = { chaincode: namespace, collection, hash: key };
            const version = `${block}:${transaction}`;
            wanted.set(nameOf(secret), { ...secret, version, value });
          }
        }
        const { organisations } = facts;
        if (scenario.namespaces !== 'all' || !organisations || facts.databases?.length === 0) {
          findings.notApplicable('private data were not recorded');
          return findings.result();
        }
        findings.count('hashes of private data', wanted.size);
        for (const { peer, entries } of recording.state(channel)) {
          const own = organisations[peer] ?? '';
          judgePeer(peer, entries, wanted, (chaincode, collection) => {
            const owner = implicitOwner(collection);
            if (owner !== undefined) return owner === own;
            const members = lives.collection(chaincode, collection)?.members;
            return members !== undefined && organisationsIn(members).includes(own);
          });
        }
        requireAllPeers(findings, context);
        return findings.result();
      },
    };
  },
};

/**
 * Whether a value has a hash. CouchDB gives a document back in another form than it was written in, so of those only one
 * that was written in canonical form can be told.
 */
function matches(value: string, expected: string): boolean {
  if (value.startsWith('{')) return true;
  const bytes = Buffer.from(value, 'base64');
  return hash('sha256', bytes, 'buffer').toString('latin1') === expected;
}

/** MSP ids of the principals of a signature policy (`common.SignaturePolicyEnvelope`). */
function organisationsIn(policy: Buffer): string[] {
  const found: string[] = [];
  const reader = new FieldReader(policy);
  while (reader.next()) {
    if (reader.field !== 3) {
      reader.skip();
      continue;
    }
    const principal = reader.message();
    while (principal.next()) {
      if (principal.field !== 2) {
        principal.skip();
        continue;
      }
      const role = principal.message();
      while (role.next()) {
        if (role.field === 1) found.push(role.text());
        else role.skip();
      }
    }
  }
  return found;
}
