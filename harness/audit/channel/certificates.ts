import { FieldReader } from '../../fabric/ledger/wire.ts';
import { type Certificate, fromPem, parseCertificate } from '../identity/certificate.ts';
import type { ConfigGroup } from './config-tree.ts';

/** A certificate that a channel's configuration rests on. */
export interface ConfiguredCertificate {
  /** E.g. `root of Org1MSP`, `TLS certificate of consenter orderer0:7050`. */
  readonly what: string;
  readonly certificate: Certificate;
}

/** Fields of `msp.FabricMSPConfig` with certificates. */
const OF_MSP: Readonly<Record<number, string>> = {
  2: 'root',
  3: 'intermediate',
  4: 'administrator',
  9: 'TLS root',
  10: 'TLS intermediate',
};

/**
 * All certificates of a configuration: authorities and administrators of every organisation, and consenters. What is no
 * certificate is passed over; whether it may be there is not asked here.
 *
 * @param root the channel's group
 */
export function configuredCertificates(root: ConfigGroup): ConfiguredCertificate[] {
  const found: ConfiguredCertificate[] = [];
  const take = (what: string, pem: Buffer): void => {
    try {
      const der = fromPem(Buffer.from(pem));
      if (der) found.push({ what, certificate: parseCertificate(der) });
    } catch {
      // Fabric decides what it makes of it.
    }
  };
  const walk = (group: ConfigGroup): void => {
    const msp = group.values.get('MSP');
    if (msp) ofMsp(msp.value, take);
    for (const below of group.groups.values()) walk(below);
  };
  walk(root);
  const orderer = root.groups.get('Orderer');
  const type = orderer?.values.get('ConsensusType')?.value;
  const listed = orderer?.values.get('Orderers')?.value;
  // Of others the metadata are another message.
  if (type && String(fieldsOf(type, 1)[0]) === 'etcdraft') {
    for (const metadata of fieldsOf(type, 2)) consenters(metadata, RAFT, take);
  }
  if (listed) consenters(listed, BFT, take);
  return found;
}

type Take = (what: string, pem: Buffer) => void;

function ofMsp(bytes: Buffer, take: Take): void {
  for (const config of fieldsOf(bytes, 2)) {
    const [name] = fieldsOf(config, 1);
    for (const [field, what] of Object.entries(OF_MSP)) {
      for (const pem of fieldsOf(config, Number(field))) take(`${what} of ${name}`, pem);
    }
  }
}

interface Fields {
  readonly host: number;
  readonly port: number;
  readonly certificates: Readonly<Record<number, string>>;
}

/** `etcdraft.Consenter`, `common.Consenter`; both stand in field 1 of what holds them. */
const RAFT: Fields = {
  host: 1,
  port: 2,
  certificates: { 3: 'TLS client certificate', 4: 'TLS certificate' },
};
const BFT: Fields = {
  host: 2,
  port: 3,
  certificates: { 5: 'certificate', 6: 'TLS client certificate', 7: 'TLS certificate' },
};

function consenters(bytes: Buffer, { host, port, certificates }: Fields, take: Take): void {
  for (const consenter of fieldsOf(bytes, 1)) {
    const [name] = fieldsOf(consenter, host);
    const reader = new FieldReader(consenter);
    let number = 0;
    while (reader.next()) {
      if (reader.field === port) number = reader.varint();
      else reader.skip();
    }
    for (const [field, what] of Object.entries(certificates)) {
      for (const pem of fieldsOf(consenter, Number(field))) {
        take(`${what} of consenter ${name}:${number}`, pem);
      }
    }
  }
}

/** Contents of all occurrences of a field that has a length. */
function fieldsOf(bytes: Buffer, field: number): Buffer[] {
  const found: Buffer[] = [];
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === field) found.push(reader.view());
    else reader.skip();
  }
  return found;
}
