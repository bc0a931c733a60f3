import { hash } from 'node:crypto';
import { FieldReader } from '../../fabric/ledger/wire.ts';
import {
  type Certificate,
  fromPem,
  isSignedBy,
  parseCertificate,
  parseRevocationList,
  type RevocationList,
} from './certificate.ts';

/**
 * A membership service provider as Fabric's X.509 one decides with capability V1_4_3 and later (msp/mspimpl*.go):
 * chain to a root, revocation, node OUs. The times in certificates decide nothing: Fabric verifies each as of one second
 * after its own beginning (`getValidityOptsForCert`), so that a block stays as valid as it was; a certificate that has
 * expired is refused earlier, by endorsers and orderers.
 */

export type MspRole = 'client' | 'peer' | 'admin' | 'orderer';

/** Somebody who signs, in the eyes of one configuration. */
export interface Identity {
  readonly msp: Msp;
  readonly certificate: Certificate;
  /** Equal for the same certificate in the same MSP, whatever its PEM looks like. */
  readonly id: string;
  /** Why Fabric's `Validate` refuses it; `null` if it does not. */
  readonly fault: string | null;
}

interface Unit {
  readonly name: string;
  /** SHA-256 of the certifying chain, hexadecimal; empty where any will do. */
  readonly certifier: string;
}

interface Settings {
  name: string;
  readonly roots: Buffer[];
  readonly intermediates: Buffer[];
  readonly admins: Buffer[];
  readonly revocations: Buffer[];
  readonly units: { readonly certificate: Buffer; readonly name: string }[];
  nodeUnits: boolean;
  readonly roles: Map<MspRole, { readonly certificate: Buffer; readonly name: string }>;
}

const ROLE_FIELDS: Readonly<Record<number, MspRole>> = {
  2: 'client',
  3: 'peer',
  4: 'admin',
  5: 'orderer',
};

export class Msp {
  readonly name: string;
  readonly #roots: readonly Certificate[];
  readonly #intermediates: readonly Certificate[];
  readonly #inner = new Set<string>();
  readonly #admins: ReadonlySet<string>;
  readonly #revocations: readonly RevocationList[];
  readonly #units: readonly Unit[];
  /** `null` where node OUs are off. */
  readonly #roles: ReadonlyMap<MspRole, Unit> | null;

  /**
   * @param config - serialized `msp.FabricMSPConfig`
   * @throws Error when Fabric could not set it up either
   */
  constructor(config: Buffer) {
    const settings = decode(config);
    this.name = settings.name;
    this.#roots = settings.roots.map(certificateOf);
    this.#intermediates = settings.intermediates.map(certificateOf);
    if (this.#roots.length === 0) throw new Error(`${this.name} has no root certificate`);
    this.#admins = new Set(settings.admins.map((pem) => certificateOf(pem).raw.toString('latin1')));
    this.#revocations = settings.revocations.map((bytes) =>
      parseRevocationList(fromPem(bytes) ?? bytes),
    );
    for (const certificate of this.#intermediates) {
      const chain = this.#chain(certificate);
      if (typeof chain === 'string') throw new Error(`intermediate of ${this.name}: ${chain}`);
      for (const above of chain.slice(1)) this.#inner.add(above.raw.toString('latin1'));
    }
    this.#units = settings.units.map((unit) => this.#unit(unit));
    const roles = [...settings.roles].map(([role, unit]): [MspRole, Unit] => [
      role,
      this.#unit(unit),
    ]);
    this.#roles = settings.nodeUnits && roles.length > 0 ? new Map(roles) : null;
  }

  /**
   * Who a certificate is here.
   *
   * @param pem - `SerializedIdentity.id_bytes`
   * @throws Error when it is no certificate: Fabric cannot deserialize such an identity
   */
  identify(pem: Buffer): Identity {
    const certificate = certificateOf(pem);
    return {
      msp: this,
      certificate,
      id: `${this.name}/${hash('sha256', certificate.raw, 'hex')}`,
      fault: this.#faultOf(certificate),
    };
  }

  isAdmin({ certificate }: Identity): boolean {
    return this.#admins.has(certificate.raw.toString('latin1'));
  }

  /** Whether node OUs tell apart what somebody is. */
  get hasRoles(): boolean {
    return this.#roles !== null;
  }

  hasRole({ certificate }: Identity, role: MspRole): boolean {
    const unit = this.#roles?.get(role);
    return unit !== undefined && certificate.units.includes(unit.name);
  }

  hasUnit({ certificate }: Identity, name: string, certifier: string): boolean {
    return certificate.units.includes(name) && this.#certifier(certificate) === certifier;
  }

  #faultOf(certificate: Certificate): string | null {
    if (certificate.isAuthority) return 'the certificate is that of an authority';
    const chain = this.#chain(certificate);
    if (typeof chain === 'string') return chain;
    const [, parent] = chain;
    if (!parent) return `${certificate.commonName} is a root`;
    if (this.#inner.has(parent.raw.toString('latin1'))) {
      return 'its issuer is an authority above others';
    }
    if (this.#isRevoked(certificate, parent)) return 'the certificate is revoked';
    return this.#faultOfUnits(certificate);
  }

  /** From the certificate to a root, or why there is none. There must be exactly one. */
  #chain(certificate: Certificate): readonly Certificate[] | string {
    const at = certificate.notBefore + 1_000;
    const found: Certificate[][] = [];
    const climb = (path: readonly Certificate[]): void => {
      const last = path.at(-1) as Certificate;
      const isParent = (candidate: Certificate): boolean =>
        candidate.isAuthority &&
        candidate.subject.equals(last.issuer) &&
        candidate.notBefore <= at &&
        at <= candidate.notAfter &&
        (candidate.pathLength === null || path.length - 1 <= candidate.pathLength) &&
        isSignedBy(last, candidate);
      for (const root of this.#roots) if (isParent(root)) found.push([...path, root]);
      for (const intermediate of this.#intermediates) {
        if (path.some(({ raw }) => raw.equals(intermediate.raw))) continue;
        if (isParent(intermediate)) climb([...path, intermediate]);
      }
    };
    if (certificate.notAfter < at) return 'the certificate is never in force';
    if (this.#roots.some(({ raw }) => raw.equals(certificate.raw))) return [certificate];
    climb([certificate]);
    if (found.length === 1) return found[0] as Certificate[];
    return found.length === 0
      ? `no authority of ${this.name} issued it`
      : `${found.length} chains lead to roots of ${this.name}`;
  }

  #isRevoked({ serial }: Certificate, parent: Certificate): boolean {
    return this.#revocations.some(
      (list) =>
        list.authority === parent.keyIdentifier &&
        list.revoked.has(serial) &&
        isSignedBy(list, parent),
    );
  }

  #faultOfUnits(certificate: Certificate): string | null {
    const certifier = this.#certifier(certificate);
    const here = (unit: Unit): boolean =>
      certificate.units.includes(unit.name) && unit.certifier === certifier;
    if (this.#units.length > 0 && !this.#units.some(here)) {
      return `none of its units (${certificate.units.join(', ')}) belongs to ${this.name}`;
    }
    if (!this.#roles) return null;
    const roles = new Map([...this.#roles.values()].map((unit) => [unit.name, unit]));
    const held = certificate.units.flatMap((name) => roles.get(name) ?? []);
    const foreign = held.find((unit) => unit.certifier !== '' && unit.certifier !== certifier);
    if (foreign) return `its unit ${foreign.name} is certified by another authority`;
    if (held.length === 1) return null;
    return `it has ${held.length} of the roles ${[...roles.keys()].join(', ')}, expected 1`;
  }

  #certifier(certificate: Certificate): string {
    const chain = this.#chain(certificate);
    return typeof chain === 'string' ? '' : certifierOf(chain.slice(1));
  }

  #unit({ certificate, name }: { readonly certificate: Buffer; readonly name: string }): Unit {
    if (certificate.length === 0) return { name, certifier: '' };
    const authority = certificateOf(certificate);
    const chain = this.#chain(authority);
    if (typeof chain === 'string') throw new Error(`unit ${name} of ${this.name}: ${chain}`);
    return { name, certifier: certifierOf(chain) };
  }
}

const certifierOf = (chain: readonly Certificate[]): string =>
  hash('sha256', Buffer.concat(chain.map(({ raw }) => raw)), 'hex');

function certificateOf(pem: Buffer): Certificate {
  const der = fromPem(pem);
  if (!der) throw new Error('no PEM');
  return parseCertificate(der);
}

function decode(config: Buffer): Settings {
  const settings: Settings = {
    name: '',
    roots: [],
    intermediates: [],
    admins: [],
    revocations: [],
    units: [],
    nodeUnits: false,
    roles: new Map(),
  };
  const reader = new FieldReader(config);
  while (reader.next()) {
    if (reader.field === 1) settings.name = reader.text();
    else if (reader.field === 2) settings.roots.push(reader.view());
    else if (reader.field === 3) settings.intermediates.push(reader.view());
    else if (reader.field === 4) settings.admins.push(reader.view());
    else if (reader.field === 5) settings.revocations.push(reader.view());
    else if (reader.field === 7) settings.units.push(decodeUnit(reader.message()));
    else if (reader.field === 11) {
      const nodeUnits = reader.message();
      while (nodeUnits.next()) {
        const role = ROLE_FIELDS[nodeUnits.field];
        if (nodeUnits.field === 1) settings.nodeUnits = nodeUnits.varint() !== 0;
        else if (role) settings.roles.set(role, decodeUnit(nodeUnits.message()));
        else nodeUnits.skip();
      }
    } else reader.skip();
  }
  return settings;
}

function decodeUnit(reader: FieldReader): { certificate: Buffer; name: string } {
  const unit: { certificate: Buffer; name: string } = { certificate: Buffer.alloc(0), name: '' };
  while (reader.next()) {
    if (reader.field === 1) unit.certificate = reader.view();
    else if (reader.field === 2) unit.name = reader.text();
    else reader.skip();
  }
  return unit;
}
