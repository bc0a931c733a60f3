import { canonicalValue, roundedValue } from './canonical.ts';
import { type Collection, definitionOf } from './channel/definitions.ts';
import type { StateEntry } from './recording.ts';
import type { Replay, StateValue } from './replay.ts';

/** How Fabric lays a channel's state out in databases: one a namespace, one for the hashes of each private collection. */

const HASHES = '$$h';
const SECRETS = '$$p';
export const SAVEPOINT = 'statedb_savepoint';

/** Namespace of the database with the hashes of a private collection. */
export const hashesOf = (namespace: string, collection: string): string =>
  `${namespace}${HASHES}${collection}`;

/** Chaincode and collection of a database with private data; `undefined` for another database. */
export function secretsIn(
  namespace: string,
): { readonly chaincode: string; readonly collection: string } | undefined {
  const at = namespace.indexOf(SECRETS);
  if (at === -1) return undefined;
  return {
    chaincode: namespace.slice(0, at),
    collection: namespace.slice(at + SECRETS.length),
  };
}

/** A key in its database. No namespace has a line break in its name. */
export const identityOf = (namespace: string, key: string): string => `${namespace}\n${key}`;

/** What a peer should hold of a key. */
export interface Expected {
  readonly namespace: string;
  readonly key: string;
  readonly value: string;
  readonly version: string;
  readonly metadata: string;
  /** What Fabric's rounding of large numbers makes of the value; equal to `value` where nothing is rounded. */
  readonly rounded: string;
  readonly block: number;
}

function expected(namespace: string, key: string, stored: StateValue): Expected {
  const { value, metadata, block, transaction } = stored;
  const canonical = canonicalValue(value);
  return {
    namespace,
    key,
    value: canonical,
    version: `${block}:${transaction}`,
    metadata: metadata === '' ? '' : Buffer.from(metadata, 'latin1').toString('base64'),
    rounded: canonical.startsWith('{') ? roundedValue(value) : canonical,
    block,
  };
}

/**
 * Everything that the chain gives, database by database, as peers keep it; private data but for their hashes, which is
 * all that the chain has of them.
 *
 * @param only - namespaces of interest; all if absent
 */
export function* expectedState(replay: Replay, only?: readonly string[]): Generator<Expected> {
  for (const namespace of replay.namespaces()) {
    if (only && !only.includes(namespace)) continue;
    for (const [key, stored] of replay.entries(namespace)) yield expected(namespace, key, stored);
  }
  if (only) return;
  const lives = new Lives(replay);
  for (const { namespace, collection, entries } of replay.collections()) {
    const database = hashesOf(namespace, collection);
    for (const [hash, stored] of entries) {
      if (lives.isOver(namespace, collection, stored.block)) continue;
      yield expected(database, Buffer.from(hash, 'hex').toString('base64'), stored);
    }
  }
}

/** Definitions of private collections at the end of a chain, and which data have outlived theirs. */
export class Lives {
  readonly #replay: Replay;
  readonly #definitions = new Map<string, ReadonlyMap<string, Collection>>();

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  collection(chaincode: string, name: string): Collection | undefined {
    let collections = this.#definitions.get(chaincode);
    if (!collections) {
      collections = definitionOf(this.#replay, chaincode)?.collections ?? new Map();
      this.#definitions.set(chaincode, collections);
    }
    return collections.get(name);
  }

  /** Data written in block b with n blocks to live are removed with block b + n + 1 (pvtdatapolicy/btlpolicy.go). */
  isOver(chaincode: string, collection: string, block: number): boolean {
    const life = this.collection(chaincode, collection)?.blockToLive ?? 0;
    return life > 0 && block + life + 1 < this.#replay.height;
  }
}

/** Namespace of an entry in words: that of the scenario's chaincode goes without saying. */
export const inWords = (
  { namespace, key }: Pick<StateEntry, 'namespace' | 'key'>,
  chaincode: string,
): string => {
  if (namespace === undefined || namespace === chaincode) return `key ${key}`;
  return `key ${key} of ${namespace === '' ? 'the channel' : namespace}`;
};
