import type { NamespaceReadWriteSet, Transaction } from '../../fabric/ledger/model.ts';
import { FieldReader } from '../../fabric/ledger/wire.ts';
import type { EndorsementPolicies } from '../channel/definitions.ts';
import type { Policy } from '../policy/policy.ts';
import type { Replay } from '../replay.ts';

/** Name under which a key's metadata holds its endorsement policy (`peer.MetaDataKeys`). */
const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

/** What endorsements of a transaction must satisfy in one namespace. */
export interface Requirement {
  readonly namespace: string;
  readonly unknownChaincode: boolean;
  /** Why it cannot be told; `null` if it can. */
  readonly limit: string | null;
  /** All must be satisfied. */
  readonly policies: readonly Policy[];
  /** Earlier transactions of the block that, if they pass, change a policy of a key that is written here. */
  readonly dependsOn: readonly number[];
}

/** Which transactions of a block have written the metadata of which keys. */
export class MetadataWriters {
  readonly #writers = new Map<string, number[]>();

  add(transaction: Transaction): void {
    for (const { namespace, metadataWrites, collections } of transaction.readWriteSets) {
      for (const { key } of metadataWrites) this.#note(namespace, '', key, transaction.index);
      for (const { collection, metadataWrites: hashed } of collections) {
        for (const { key } of hashed) this.#note(namespace, collection, key, transaction.index);
      }
    }
  }

  of(namespace: string, collection: string, key: string): readonly number[] {
    return this.#writers.get(JSON.stringify([namespace, collection, key])) ?? [];
  }

  get isEmpty(): boolean {
    return this.#writers.size === 0;
  }

  #note(namespace: string, collection: string, key: string, index: number): void {
    const name = JSON.stringify([namespace, collection, key]);
    this.#writers.set(name, [...(this.#writers.get(name) ?? []), index]);
  }
}

/**
 * What a transaction's endorsements must satisfy, as of the state before its block: for each written key its own policy,
 * else its collection's, else the chaincode's; and always at least one policy a namespace
 * (core/common/validation/statebased).
 */
export function requirementsOf(
  transaction: Transaction,
  policies: EndorsementPolicies,
  replay: Replay,
  writers: MetadataWriters,
): Requirement[] {
  const written = transaction.readWriteSets.filter(writes);
  const sets = new Map(written.map((set) => [set.namespace, set]));
  const namespaces = new Set([transaction.chaincode, ...sets.keys()]);
  return [...namespaces].map((namespace) => {
    const rules = policies.of(namespace);
    const needed = new Set<Policy>();
    const dependsOn = new Set<number>();
    const set = sets.get(namespace);
    const need = (collection: string, key: string, parameter: Buffer | undefined): void => {
      if (!writers.isEmpty) {
        for (const index of writers.of(namespace, collection, key)) dependsOn.add(index);
      }
      if (parameter) needed.add(policies.ofKey(parameter));
      else if (collection === '') needed.add(rules.chaincode);
      else needed.add(rules.collection(collection) ?? rules.chaincode);
    };
    for (const { key } of [...(set?.writes ?? []), ...(set?.metadataWrites ?? [])]) {
      need('', key, validationParameter(replay.get(namespace, key)?.metadata));
    }
    for (const { collection, writes: hashed, metadataWrites } of set?.collections ?? []) {
      for (const { key } of [...hashed, ...metadataWrites]) {
        const stored = replay.hashed(namespace, collection, key);
        need(collection, key, validationParameter(stored?.metadata));
      }
    }
    if (needed.size === 0) needed.add(rules.chaincode);
    return {
      namespace,
      unknownChaincode: rules.unknownChaincode,
      limit: rules.limit,
      policies: [...needed],
      dependsOn: [...dependsOn],
    };
  });
}

const writes = ({ writes: list, metadataWrites, collections }: NamespaceReadWriteSet): boolean =>
  list.length > 0 ||
  metadataWrites.length > 0 ||
  collections.some(
    ({ writes: hashed, metadataWrites: metadata }) => hashed.length > 0 || metadata.length > 0,
  );

/** The endorsement policy in a key's metadata; `undefined` if it has none. */
export function validationParameter(metadata: string | undefined): Buffer | undefined {
  if (!metadata) return undefined;
  let found: Buffer | undefined;
  const reader = new FieldReader(Buffer.from(metadata, 'latin1'));
  while (reader.next()) {
    if (reader.field !== 2) {
      reader.skip();
      continue;
    }
    let name = '';
    let value: Buffer = Buffer.alloc(0);
    const entry = reader.message();
    while (entry.next()) {
      if (entry.field === 1) name = entry.text();
      else if (entry.field === 2) value = entry.view();
      else entry.skip();
    }
    if (name === VALIDATION_PARAMETER && value.length > 0) found = value;
  }
  return found;
}
