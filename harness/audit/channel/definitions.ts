import { FieldReader } from '../../fabric/ledger/wire.ts';
import { memberPolicy, NEVER, type Policy, signaturePolicy } from '../policy/policy.ts';
import type { Replay } from '../replay.ts';
import type { Configuration } from './configuration.ts';

/** Namespace of the definitions of chaincodes, a chaincode itself. */
export const LIFECYCLE = '_lifecycle';
const LIFECYCLE_POLICY = '/Channel/Application/LifecycleEndorsement';
const BUILT_IN_PLUGIN = 'vscc';
const IMPLICIT_COLLECTION = '_implicit_org_';

/** A private data collection as it is defined. */
export interface Collection {
  readonly name: string;
  /** Serialized `common.SignaturePolicyEnvelope`: whose members hold the data. */
  readonly members: Buffer;
  /** Blocks after which the data is removed; 0: never. */
  readonly blockToLive: number;
  /** Serialized `peer.ApplicationPolicy`; `null`: the chaincode's. */
  readonly endorsement: Buffer | null;
}

/** A chaincode as a channel has defined it: what `_lifecycle` holds (core/chaincode/lifecycle/serializer.go). */
export interface Definition {
  readonly version: string;
  readonly sequence: number;
  readonly plugin: string;
  /** Serialized `peer.ApplicationPolicy`. */
  readonly endorsement: Buffer;
  readonly collections: ReadonlyMap<string, Collection>;
}

/** The definition of a chaincode at the height of the replay; `undefined` if it has none. */
export function definitionOf(replay: Replay, chaincode: string): Definition | undefined {
  if (!replay.get(LIFECYCLE, `namespaces/metadata/${chaincode}`)) return undefined;
  const field = (name: string): Buffer =>
    Buffer.from(
      replay.get(LIFECYCLE, `namespaces/fields/${chaincode}/${name}`)?.value ?? '',
      'latin1',
    );
  const [plugin, endorsement] = validationInfo(stateBytes(field('ValidationInfo')));
  return {
    version: firstText(stateBytes(field('EndorsementInfo'))),
    sequence: firstInteger(field('Sequence')),
    plugin,
    endorsement,
    collections: collectionsIn(stateBytes(field('Collections'))),
  };
}

/** `lifecycle.StateData.bytes`. */
function stateBytes(data: Buffer): Buffer {
  const reader = new FieldReader(data);
  while (reader.next()) {
    if (reader.field === 2) return reader.view();
    reader.skip();
  }
  return Buffer.alloc(0);
}

function firstInteger(data: Buffer): number {
  const reader = new FieldReader(data);
  while (reader.next()) {
    if (reader.field === 1) return reader.varint();
    reader.skip();
  }
  return 0;
}

function firstText(data: Buffer): string {
  const reader = new FieldReader(data);
  while (reader.next()) {
    if (reader.field === 1) return reader.text();
    reader.skip();
  }
  return '';
}

function validationInfo(data: Buffer): [string, Buffer] {
  let plugin = '';
  let parameter: Buffer = Buffer.alloc(0);
  const reader = new FieldReader(data);
  while (reader.next()) {
    if (reader.field === 1) plugin = reader.text();
    else if (reader.field === 2) parameter = reader.view();
    else reader.skip();
  }
  return [plugin, parameter];
}

/** `peer.CollectionConfigPackage` → `StaticCollectionConfig`. */
function collectionsIn(data: Buffer): Map<string, Collection> {
  const found = new Map<string, Collection>();
  const reader = new FieldReader(data);
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const config = reader.message();
    while (config.next()) {
      if (config.field !== 1) {
        config.skip();
        continue;
      }
      const collection = decodeCollection(config.message());
      found.set(collection.name, collection);
    }
  }
  return found;
}

function decodeCollection(reader: FieldReader): Collection {
  let name = '';
  let members: Buffer = Buffer.alloc(0);
  let blockToLive = 0;
  let endorsement: Buffer | null = null;
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) {
      const policy = reader.message();
      while (policy.next()) {
        if (policy.field === 1) members = policy.view();
        else policy.skip();
      }
    } else if (reader.field === 5) blockToLive = reader.varint();
    else if (reader.field === 8) endorsement = reader.view();
    else reader.skip();
  }
  return { name, members, blockToLive, endorsement };
}

/** MSP id of the organisation that an implicit collection belongs to; `undefined` for another collection. */
export const implicitOwner = (collection: string): string | undefined =>
  collection.startsWith(IMPLICIT_COLLECTION)
    ? collection.slice(IMPLICIT_COLLECTION.length)
    : undefined;

/** What must hold for writes to a namespace, or why that is not known here. */
export interface EndorsementRules {
  /** No such chaincode: Fabric says INVALID_CHAINCODE. */
  readonly unknownChaincode: boolean;
  /** Why the rules cannot be told; `null` if they can. */
  readonly limit: string | null;
  readonly chaincode: Policy;
  /** `undefined`: the chaincode's. */
  collection(name: string): Policy | undefined;
}

/**
 * Endorsement rules by namespace, as of the height of a replay and a configuration
 * (core/chaincode/lifecycle/deployedcc_infoprovider.go).
 */
export class EndorsementPolicies {
  readonly #replay: Replay;
  readonly #rules = new Map<string, EndorsementRules>();
  readonly #compiled = new Map<string, Policy>();
  #configuration: Configuration | undefined;

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  /** Forgets what a new configuration or a change of `_lifecycle` may have changed. */
  reset(configuration: Configuration): void {
    this.#rules.clear();
    if (configuration !== this.#configuration) this.#compiled.clear();
    this.#configuration = configuration;
  }

  of(namespace: string): EndorsementRules {
    const known = this.#rules.get(namespace);
    if (known) return known;
    const rules = this.#make(namespace);
    this.#rules.set(namespace, rules);
    return rules;
  }

  /** Policy of a key: what `VALIDATION_PARAMETER` holds. */
  ofKey(parameter: Buffer): Policy {
    return this.#remember(`key ${parameter.toString('latin1')}`, () => signaturePolicy(parameter));
  }

  #make(namespace: string): EndorsementRules {
    const configuration = this.#configuration as Configuration;
    if (namespace === LIFECYCLE) {
      const policy = configuration.policy(LIFECYCLE_POLICY);
      return {
        unknownChaincode: false,
        limit: policy ? null : `the channel has no policy ${LIFECYCLE_POLICY}`,
        chaincode: policy ?? NEVER,
        collection: (name) => this.#ofCollection(undefined, name),
      };
    }
    const definition = definitionOf(this.#replay, namespace);
    if (!definition) {
      return { unknownChaincode: true, limit: null, chaincode: NEVER, collection: () => NEVER };
    }
    const plugin = definition.plugin === BUILT_IN_PLUGIN ? null : definition.plugin;
    return {
      unknownChaincode: definition.endorsement.length === 0,
      limit: plugin === null ? null : `${namespace} is validated by a plugin of its own, ${plugin}`,
      chaincode: this.#application(definition.endorsement),
      collection: (name) => this.#ofCollection(definition, name),
    };
  }

  #ofCollection(definition: Definition | undefined, name: string): Policy | undefined {
    const owner = implicitOwner(name);
    if (owner !== undefined) {
      const organisation = this.#configuration?.organisation(owner);
      if (organisation === undefined) return NEVER;
      const path = `/Channel/Application/${organisation}/Endorsement`;
      return this.#configuration?.policy(path) ?? this.#remember(path, () => memberPolicy(owner));
    }
    const collection = definition?.collections.get(name);
    if (!collection) return NEVER;
    return collection.endorsement ? this.#application(collection.endorsement) : undefined;
  }

  /** `peer.ApplicationPolicy`: a signature policy, or the name of one of the channel's. */
  #application(bytes: Buffer): Policy {
    return this.#remember(bytes.toString('latin1'), () => {
      const reader = new FieldReader(bytes);
      while (reader.next()) {
        if (reader.field === 1) return signaturePolicy(reader.view());
        if (reader.field === 2) return this.#configuration?.policy(reader.text()) ?? NEVER;
        reader.skip();
      }
      return NEVER;
    });
  }

  #remember(key: string, make: () => Policy): Policy {
    const known = this.#compiled.get(key);
    if (known) return known;
    let policy: Policy;
    try {
      policy = make();
    } catch {
      policy = NEVER;
    }
    this.#compiled.set(key, policy);
    return policy;
  }
}
