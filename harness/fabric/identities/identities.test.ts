import { createPrivateKey, X509Certificate } from 'node:crypto';
import { loadTopology } from '../../topology/load.ts';
import { hasLowS, type KeyPair, renewedUntil } from './certificates.ts';
import { createCredentials } from './credentials.ts';
import {
  createIdentities,
  fullName,
  type Identities,
  newTlsOf,
  withOrderers,
  withServers,
} from './identities.ts';
import { localMsp, organisationMsp } from './msp.ts';

const topology = loadTopology('fixtures/network/article.yaml');
const ADDRESSES = { 1: '10.9.0.11', 2: '10.9.0.12', 3: '10.9.0.13' };
const NOW = Date.UTC(2026, 10, 24, 12);
const HOUR = 3600 * 1000;

/** Making keys takes 0.2 s of computing; on a machine at work on other things the default of 5 s is not enough. */
const KEYS_BUDGET_MS = 60_000;

let identities: Identities;
beforeAll(async () => {
  identities = await createIdentities(topology, ADDRESSES, NOW);
}, KEYS_BUDGET_MS);

const all = () => [identities.orderer, ...Object.values(identities.organisations)];

/** Every leaf with the root that must have issued it. */
function leaves(): { leaf: KeyPair; root: KeyPair }[] {
  return all().flatMap((organisation) => {
    const nodes = Object.values(organisation.nodes);
    return [
      ...[organisation.admin, organisation.user, ...nodes.map((node) => node.msp)].map((leaf) => ({
        leaf,
        root: organisation.ca,
      })),
      ...[...nodes.map((node) => node.tls), ...Object.values(organisation.servers)].map((leaf) => ({
        leaf,
        root: organisation.tlsCa,
      })),
    ];
  });
}

function read({ certificate }: KeyPair): X509Certificate {
  return new X509Certificate(certificate);
}

describe('createIdentities', () => {
  it('covers every orderer, peer, CA server and chaincode server', () => {
    expect(Object.keys(identities.orderer.nodes)).toEqual(['orderer0', 'orderer1']);
    expect(Object.keys(identities.organisations)).toEqual(['Org1', 'Org2']);
    const org2 = identities.organisations.Org2;
    expect(Object.keys(org2?.nodes ?? {})).toEqual(['peer0.org2', 'peer1.org2']);
    expect(Object.keys(org2?.servers ?? {})).toEqual([
      'ca.org2',
      'bank.peer0.org2',
      'bank.peer1.org2',
    ]);
  });

  it('chains every certificate to its own root and to no other, with matching key identifiers', () => {
    const roots = all().flatMap((organisation) => [organisation.ca, organisation.tlsCa]);
    for (const { leaf, root } of leaves()) {
      const issuers = roots.filter((candidate) => {
        const issuer = read(candidate);
        return read(leaf).verify(issuer.publicKey) && read(leaf).checkIssued(issuer);
      });
      expect(issuers).toEqual([root]);
      expect(read(leaf).ca).toBe(false);
    }
    for (const root of roots) {
      expect(read(root).ca).toBe(true);
      expect(read(root).verify(read(root).publicKey)).toBe(true);
    }
  });

  it('gives each certificate the private key that fits, on P-256', () => {
    for (const { leaf, root } of leaves()) {
      for (const pair of [leaf, root]) {
        const key = createPrivateKey(pair.privateKey);
        expect(read(pair).checkPrivateKey(key)).toBe(true);
        expect(key.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
      }
    }
  });

  it('signs with low S only, as Fabric normalises certificates', () => {
    // 38 signatures: were they not chosen, all would be low once in 2^38 runs
    const pairs = leaves().flatMap(({ leaf, root }) => [leaf, root]);
    expect(pairs.filter((pair) => !hasLowS(pair.certificate))).toEqual([]);
  });

  it('recognises a high S', () => {
    // A certificate whose S has 32 bytes, with S replaced by n - S: the same signature, in its other form
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const der = leaves()
      .map(({ leaf }) => Buffer.from(read(leaf).raw))
      .find((candidate) => candidate.at(-34) === 2 && candidate.at(-33) === 32) as Buffer;
    const s = BigInt(`0x${der.subarray(-32).toString('hex')}`);
    der.write((order - s).toString(16).padStart(64, '0'), der.length - 32, 'hex');
    const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----`;
    expect(hasLowS(pem)).toBe(false);
  });

  it('puts the role into the subject for MSP certificates, with organisation and name', () => {
    const subject = (pair: KeyPair | undefined) => pair && read(pair).subject.split('\n').sort();
    const org1 = identities.organisations.Org1;
    expect(subject(org1?.nodes['peer0.org1']?.msp)).toEqual([
      'CN=peer0.org1.example.com',
      'O=org1.example.com',
      'OU=peer',
    ]);
    expect(subject(org1?.admin)).toContain('OU=admin');
    expect(subject(org1?.user)).toContain('OU=client');
    expect(subject(identities.orderer.nodes.orderer1?.msp)).toContain('OU=orderer');
    expect(subject(identities.orderer.admin)).toContain('OU=admin');
  });

  it('names service, host and machine address in TLS certificates', () => {
    const tls = read(identities.orderer.nodes.orderer1?.tls as KeyPair);
    for (const host of ['orderer1', 'orderer1.example.com', 'localhost']) {
      expect(tls.checkHost(host)).toBe(host);
    }
    expect(tls.checkIP('10.9.0.13')).toBe('10.9.0.13');
    expect(tls.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(tls.checkIP('10.9.0.11')).toBeUndefined();
    expect(tls.checkHost('orderer0')).toBeUndefined();
    expect(tls.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  it('is valid from an hour ago, roots for ten years, the rest for one', () => {
    const { admin, ca } = identities.orderer;
    const start = NOW - HOUR;
    expect(read(admin).validFromDate.getTime()).toBe(start);
    expect(read(admin).validToDate.getTime()).toBe(start + 365 * 24 * HOUR);
    expect(read(ca).validToDate.getTime()).toBe(start + 3650 * 24 * HOUR);
  });

  it('renews a certificate for the same key, names and subject, and for another time', async () => {
    const { nodes, tlsCa } = identities.orderer;
    const old = nodes.orderer1?.tls as KeyPair;
    const certificate = await renewedUntil(tlsCa, old.certificate, NOW - HOUR);
    const [before, after] = [read(old), read({ ...old, certificate })];
    expect(after.validToDate.getTime()).toBe(NOW - HOUR);
    expect(after.verify(read(tlsCa).publicKey)).toBe(true);
    expect(after.checkPrivateKey(createPrivateKey(old.privateKey))).toBe(true);
    expect(after.subject).toBe(before.subject);
    expect(after.subjectAltName).toBe(before.subjectAltName);
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(hasLowS(certificate)).toBe(true);
  });

  it('rotates one to a new key, under the same names', async () => {
    const { nodes, tlsCa } = identities.orderer;
    const before = read(nodes.orderer1?.tls as KeyPair);
    const place = { name: 'orderer1', machine: 3 };
    const after = read(await newTlsOf(identities, place, ADDRESSES, NOW));
    expect(after.verify(read(tlsCa).publicKey)).toBe(true);
    expect(after.subjectAltName).toBe(before.subjectAltName);
    expect(after.publicKey.equals(before.publicKey)).toBe(false);
  });

  it('draws positive serial numbers that differ', () => {
    const serials = leaves().map(({ leaf }) => read(leaf).serialNumber);
    expect(new Set(serials).size).toBe(serials.length);
    expect(serials.every((serial) => /^[4-7]/.test(serial) && serial.length === 32)).toBe(true);
  });

  it('says which machine lacks an address', async () => {
    await expect(createIdentities(topology, { 1: '10.9.0.11', 2: '10.9.0.12' })).rejects.toThrow(
      /TLS certificate of orderer1: expected an address of machine 3, saw addresses of machines 1, 2/,
    );
  });
});

describe('MSP folders', () => {
  it('of an organisation hold no private key', () => {
    const text = JSON.stringify(all().map(organisationMsp));
    expect(text).not.toContain('PRIVATE KEY');
  });

  it('turn node OUs on for every organisation, the orderers’ too', () => {
    for (const organisation of all()) {
      const files = organisationMsp(organisation);
      expect(files['config.yaml']).toContain('Enable: true');
      for (const role of ['client', 'peer', 'admin', 'orderer']) {
        expect(files['config.yaml']).toContain(`OrganizationalUnitIdentifier: ${role}\n`);
      }
      expect(files['config.yaml']?.match(/Certificate: (\S+)/)?.[1]).toBe('cacerts/ca.pem');
      expect(files['cacerts/ca.pem']).toBe(organisation.ca.certificate);
      expect(files['tlscacerts/tlsca.pem']).toBe(organisation.tlsCa.certificate);
    }
  });

  it('of a member hold its certificate and key', () => {
    const { orderer } = identities;
    const files = localMsp(orderer, orderer.admin);
    expect(files['signcerts/cert.pem']).toBe(orderer.admin.certificate);
    expect(files['keystore/priv_sk']).toBe(orderer.admin.privateKey);
  });
});

describe('names and passwords', () => {
  it('puts components below their organisation’s domain', () => {
    expect(fullName('peer0.org1', 'org1.example.com')).toBe('peer0.org1.example.com');
    expect(fullName('orderer0', 'example.com')).toBe('orderer0.example.com');
    expect(fullName('bank.peer0.org1', 'org1.example.com')).toBe('bank.peer0.org1.example.com');
  });

  it('draws a new password for each purpose and run, safe in a URL', () => {
    const passwords = [createCredentials(topology), createCredentials(topology)].flatMap((c) => [
      c.couchdb.password,
      c.mongo.password,
      c.mongoExpress.password,
      c.tokenSecret,
      ...Object.values(c.registrars).map((login) => login.password),
    ]);
    expect(new Set(passwords).size).toBe(12);
    expect(passwords.every((password) => /^[\w-]{32}$/.test(password))).toBe(true);
  });
});

it('makes further orderers under the authorities that the others have', async () => {
  const orderers = [...topology.ordering.orderers, { name: 'orderer2', machine: 2 }];
  const { orderer } = await withOrderers(identities, orderers, ADDRESSES);
  expect(orderer.nodes.orderer0).toBe(identities.orderer.nodes.orderer0);
  const made = orderer.nodes.orderer2;
  if (!made) throw new Error('expected orderer2, seen none');
  const [msp, tls] = [read(made.msp), read(made.tls)];
  expect(msp.verify(read(identities.orderer.ca).publicKey)).toBe(true);
  expect(tls.verify(read(identities.orderer.tlsCa).publicKey)).toBe(true);
  expect(msp.subject).toContain('OU=orderer');
  expect(tls.checkHost('orderer2')).toBe('orderer2');
  expect(tls.checkIP('10.9.0.12')).toBe('10.9.0.12');
});

describe('withServers', () => {
  it('issues what is missing by the organisations’ own authorities, and nothing else', async () => {
    const asset = { name: 'asset', version: '1.0', sequence: 1 };
    const more = { ...topology, chaincodes: [...topology.chaincodes, asset] };
    const { organisations, orderer } = await withServers(identities, more, ADDRESSES, NOW);
    expect(orderer).toBe(identities.orderer);
    const before = identities.organisations.Org2;
    const { servers = {}, ...rest } = organisations.Org2 ?? {};
    const { ['asset.peer0.org2']: first, ['asset.peer1.org2']: second, ...others } = servers;
    expect({ ...rest, servers: others }).toEqual(before);
    for (const [leaf, host] of [
      [first, 'asset.peer0.org2'],
      [second, 'asset.peer1.org2'],
    ] as const) {
      const certificate = read(leaf as KeyPair);
      const root = read(before?.tlsCa as KeyPair);
      expect(certificate.checkIssued(root) && certificate.verify(root.publicKey)).toBe(true);
      expect(certificate.checkHost(host)).toBe(host);
      expect(certificate.checkPrivateKey(createPrivateKey((leaf as KeyPair).privateKey))).toBe(
        true,
      );
    }
  });
});
