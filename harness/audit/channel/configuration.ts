import { FieldReader } from '../../fabric/ledger/wire.ts';
import { type Identity, Msp } from '../identity/msp.ts';
import {
  implicitPolicy,
  NEVER,
  type Policy,
  serializedIdentity,
  signaturePolicy,
} from '../policy/policy.ts';
import { type ConfigGroup, decodeConfigGroup } from './config-tree.ts';

const SIGNATURE = 1;
const IMPLICIT_META = 3;
/** `MSPConfig.type` of X.509; the other is Idemix. */
const FABRIC_MSP = 0;

/** Why somebody could not be identified: Fabric's `DeserializeIdentity` fails. */
export interface Stranger {
  readonly problem: string;
}

/** A consenter of BFT ordering, by its number. */
export interface Consenter {
  readonly mspId: string;
  /** PEM. */
  readonly certificate: Buffer;
}

export interface Ordering {
  /** `kafka`, `etcdraft`, `BFT`. */
  readonly type: string;
  /** Empty but for BFT. */
  readonly consenters: ReadonlyMap<number, Consenter>;
}

/**
 * A channel's configuration in force: who belongs to it, and its policies by path.
 * Sources: common/channelconfig, common/policies.
 */
export class Configuration {
  readonly sequence: number;
  readonly root: ConfigGroup;
  readonly ordering: Ordering;
  /** Why identities or policies cannot be judged as Fabric does; `null` if they can. */
  readonly limit: string | null;
  readonly #msps: ReadonlyMap<string, Msp>;
  readonly #unsupported: ReadonlyMap<string, string>;
  readonly #policies = new Map<string, Policy>();
  readonly #identities = new Map<
    string,
    { readonly bytes: Buffer; readonly who: Identity | Stranger }[]
  >();

  /**
   * @param group - serialized `common.ConfigGroup`, the channel's root
   * @param before - the configuration that it replaces: what did not change is taken over
   * @throws Error when the bytes are not a configuration
   */
  constructor(group: Buffer, sequence: number, before?: Configuration) {
    this.sequence = sequence;
    this.root = decodeConfigGroup(new FieldReader(group));
    const known = new Map([...(before?.mspBytes ?? [])]);
    const msps = new Map<string, Msp>();
    const unsupported = new Map<string, string>();
    for (const bytes of mspConfigs(this.root)) {
      const text = bytes.toString('latin1');
      const found = known.get(text) ?? setUp(bytes);
      this.mspBytes.set(text, found);
      if (found instanceof Msp) msps.set(found.name, found);
      else unsupported.set(found.name, found.problem);
    }
    this.#msps = msps;
    this.#unsupported = unsupported;
    this.#compile(this.root, '/Channel');
    this.ordering = orderingOf(this.root);
    this.limit = limitOf(this.root);
  }

  /** MSPs by their serialized configuration. */
  readonly mspBytes = new Map<string, Msp | { readonly name: string; readonly problem: string }>();

  /** MSP ids of the organisations of the application, sorted. */
  get members(): readonly string[] {
    const application = this.root.groups.get('Application');
    return [...(application?.groups.values() ?? [])].map(mspNameOf).sort();
  }

  /** Name of the group of the organisation with this MSP id; `undefined` if it is no member. */
  organisation(mspId: string): string | undefined {
    const application = this.root.groups.get('Application');
    for (const [name, group] of application?.groups ?? []) {
      if (mspNameOf(group) === mspId) return name;
    }
    return undefined;
  }

  /** Policy by its path, e.g. `/Channel/Application/Endorsement`. */
  policy(path: string): Policy | undefined {
    return this.#policies.get(path);
  }

  /** Whether capabilities of a group are at least as new as one of these. */
  hasCapability(group: string, ...names: readonly string[]): boolean {
    const capabilities = capabilitiesOf(this.root.groups.get(group));
    return names.some((name) => capabilities.has(name));
  }

  /** Who a serialized identity is in this channel. Remembered: there are few of them, and each signs often. */
  identify(bytes: Buffer): Identity | Stranger {
    // The last bytes of a certificate are its signature's, and so tell identities apart.
    const tail = bytes.toString('latin1', Math.max(0, bytes.length - 70), bytes.length - 40);
    const bucket = this.#identities.get(tail) ?? [];
    for (const { bytes: known, who } of bucket) if (known.equals(bytes)) return who;
    const who = this.#identify(bytes);
    bucket.push({ bytes: Buffer.from(bytes), who });
    this.#identities.set(tail, bucket);
    return who;
  }

  #identify(bytes: Buffer): Identity | Stranger {
    try {
      const { mspId, pem } = serializedIdentity(bytes);
      const msp = this.#msps.get(mspId);
      if (msp) return msp.identify(Buffer.from(pem));
      const problem = this.#unsupported.get(mspId);
      return { problem: problem ?? `no MSP ${mspId || 'without a name'} is in the channel` };
    } catch (error) {
      return { problem: `it cannot be read: ${(error as Error).message}` };
    }
  }

  /** Policies from the leaves up, because implicit ones are made of those below. */
  #compile(group: ConfigGroup, path: string): void {
    for (const [name, below] of group.groups) this.#compile(below, `${path}/${name}`);
    for (const [name, { type, value }] of group.policies) {
      this.#policies.set(`${path}/${name}`, this.#compilePolicy(group, path, type, value));
    }
  }

  #compilePolicy(group: ConfigGroup, path: string, type: number, value: Buffer): Policy {
    if (type === SIGNATURE) return signaturePolicy(value);
    if (type !== IMPLICIT_META) return NEVER;
    let name = '';
    let rule = 0;
    const reader = new FieldReader(value);
    while (reader.next()) {
      if (reader.field === 1) name = reader.text();
      else if (reader.field === 2) rule = reader.varint();
      else reader.skip();
    }
    const below = [...group.groups.keys()].map(
      (child) => this.#policies.get(`${path}/${child}/${name}`) ?? NEVER,
    );
    return implicitPolicy(rule, below);
  }
}

export const isStranger = (who: Identity | Stranger): who is Stranger => 'problem' in who;

function* mspConfigs(group: ConfigGroup): Generator<Buffer> {
  const own = group.values.get('MSP');
  if (own) yield own.value;
  for (const below of group.groups.values()) yield* mspConfigs(below);
}

/** `msp.MSPConfig`. */
function mspConfig(bytes: Buffer): { readonly type: number; readonly config: Buffer } {
  let type = 0;
  let config: Buffer = Buffer.alloc(0);
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) type = reader.varint();
    else if (reader.field === 2) config = reader.view();
    else reader.skip();
  }
  return { type, config };
}

function setUp(bytes: Buffer): Msp | { name: string; problem: string } {
  const { type, config } = mspConfig(bytes);
  const name = firstText(config);
  if (type !== FABRIC_MSP) return { name, problem: `${name} is an Idemix MSP` };
  try {
    return new Msp(Buffer.from(config));
  } catch (error) {
    return { name, problem: `${name} cannot be set up: ${(error as Error).message}` };
  }
}

function firstText(bytes: Buffer): string {
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) return reader.text();
    reader.skip();
  }
  return '';
}

const mspNameOf = (group: ConfigGroup): string => {
  const value = group.values.get('MSP')?.value;
  return value ? firstText(mspConfig(value).config) : '';
};

/** `common.Capabilities`: names of a group's capabilities. */
function capabilitiesOf(group: ConfigGroup | undefined): Set<string> {
  const names = new Set<string>();
  const value = group?.values.get('Capabilities')?.value;
  const reader = new FieldReader(value ?? Buffer.alloc(0));
  while (reader.next()) {
    if (reader.field === 1) names.add(firstText(reader.view()));
    else reader.skip();
  }
  return names;
}

const CHANNEL_CAPABILITIES = ['V1_4_3', 'V2_0', 'V3_0'];
const APPLICATION_CAPABILITIES = ['V2_0', 'V2_5'];

function limitOf(root: ConfigGroup): string | null {
  const channel = capabilitiesOf(root);
  const application = capabilitiesOf(root.groups.get('Application'));
  if (!CHANNEL_CAPABILITIES.some((name) => channel.has(name))) {
    return `channel capabilities ${[...channel].join(', ') || 'none'} are older than V1_4_3`;
  }
  if (!APPLICATION_CAPABILITIES.some((name) => application.has(name))) {
    return `application capabilities ${[...application].join(', ') || 'none'} are older than V2_0`;
  }
  return null;
}

function orderingOf(root: ConfigGroup): Ordering {
  const group = root.groups.get('Orderer');
  const type = firstText(group?.values.get('ConsensusType')?.value ?? Buffer.alloc(0));
  const consenters = new Map<number, Consenter>();
  const reader = new FieldReader(group?.values.get('Orderers')?.value ?? Buffer.alloc(0));
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    let number = 0;
    let mspId = '';
    let certificate: Buffer = Buffer.alloc(0);
    const consenter = reader.message();
    while (consenter.next()) {
      if (consenter.field === 1) number = consenter.varint();
      else if (consenter.field === 4) mspId = consenter.text();
      else if (consenter.field === 5) certificate = consenter.view();
      else consenter.skip();
    }
    consenters.set(number, { mspId, certificate });
  }
  return { type, consenters };
}
