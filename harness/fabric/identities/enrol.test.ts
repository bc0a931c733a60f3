import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { loadTopology } from '../../topology/load.ts';
import { createAuthority } from './certificates.ts';
import { createCredentials } from './credentials.ts';
import { type Enrolling, enrolClients, enrolUsers } from './enrol.ts';
import { createIdentities } from './identities.ts';

const topology = loadTopology('fixtures/network/article.yaml');
const machines = [1, 2, 3].map((number) => ({ number, address: '127.0.0.1' }));
const credentials = createCredentials(topology);
const registrars = new Map(
  Object.values(credentials.registrars).map(({ user, password }) => [password, user]),
);

/** An organisation's CA: knows the registrar, and whom he registered. */
class FakeCa {
  readonly requests: string[] = [];
  readonly registered = new Map<string, string>();
  readonly attributes = new Map<string, unknown>();
  readonly server: Server;

  constructor(certificate: string, privateKey: string, issued: string) {
    const ok = (result: unknown) => ({ success: true, result, errors: [], messages: [] });
    const no = (code: number, message: string) => ({
      success: false,
      result: null,
      errors: [{ code, message }],
      messages: [],
    });
    this.server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const called = request.url?.split('/').at(-1) ?? '';
        const body = JSON.parse(Buffer.concat(chunks).toString());
        const answer = () => {
          if (called === 'enroll') {
            const [user, secret] = Buffer.from(
              request.headers.authorization?.split(' ')[1] ?? '',
              'base64',
            )
              .toString()
              .split(':') as [string, string];
            this.requests.push(`enroll ${user}`);
            const known = this.registered.get(user) === secret || registrars.get(secret) === user;
            if (!known) return no(20, 'Authentication failure');
            const Cert = Buffer.from(issued).toString('base64');
            return ok({ Cert, ServerInfo: { CAChain: Cert } });
          }
          this.requests.push(`${called} ${body.id}`);
          if (this.registered.has(body.id)) return no(74, 'Identity is already registered');
          this.registered.set(body.id, body.secret);
          this.attributes.set(body.id, body.attrs);
          return ok({ secret: body.secret });
        };
        response.end(JSON.stringify(answer()));
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }
}

/** Reading certificates with the SDK's arithmetic is slow on a machine at work on other things. */
const BUDGET_MS = 60_000;
jest.setTimeout(BUDGET_MS);

const open: FakeCa[] = [];
let base: Enrolling;
let issued: string;

beforeAll(async () => {
  const addresses = Object.fromEntries(machines.map(({ number, address }) => [number, address]));
  const identities = await createIdentities(topology, addresses);
  const authority = await createAuthority('ca.test', 'test', Date.now());
  issued = (await authority.issue({ commonName: 'client', organisation: 'test', role: 'client' }))
    .certificate;
  base = { topology, identities, credentials, machines };
}, BUDGET_MS);

afterEach(() => {
  for (const ca of open.splice(0)) {
    ca.server.closeAllConnections();
    ca.server.close();
  }
});

/** The network with a CA of each organisation that listens. */
async function network(): Promise<{ network: Enrolling; cas: FakeCa[] }> {
  const cas = topology.organisations.map(({ name, ca }) => {
    const served = base.identities.organisations[name]?.servers[ca.name];
    return new FakeCa(served?.certificate ?? '', served?.privateKey ?? '', issued);
  });
  open.push(...cas);
  const ports = await Promise.all(cas.map((ca) => ca.listen()));
  const organisations = topology.organisations.map((organisation, i) => ({
    ...organisation,
    ca: { ...organisation.ca, ports: { ...organisation.ca.ports, server: ports[i] ?? 0 } },
  }));
  return { network: { ...base, topology: { ...topology, organisations } }, cas };
}

it('registers clients at the CA of each organisation and enrols them', async () => {
  const { network: one, cas } = await network();
  const identities = await enrolClients(one, ['a', 'b']);
  expect(identities.map(({ mspId }) => mspId)).toEqual([
    'Org1MSP',
    'Org1MSP',
    'Org2MSP',
    'Org2MSP',
  ]);
  expect(new Set(identities.map(({ privateKeyPem }) => privateKeyPem)).size).toBe(4);
  expect(identities[0]?.certificatePem).toBe(issued);
  for (const ca of cas) expect([...ca.registered.keys()].sort()).toEqual(['a', 'b']);
});

it('enrols users with attributes at the CA of their organisation alone', async () => {
  const { network: one, cas } = await network();
  const users = [
    { name: 'alice', organisation: 'Org2', attributes: { role: 'buyer' } },
    { name: 'alice', organisation: 'Org2', attributes: { role: 'seller' } },
    { name: 'bob', organisation: 'Org2' },
  ];
  const identities = await enrolUsers(one, users);
  expect(identities.map(({ mspId }) => mspId)).toEqual(['Org2MSP', 'Org2MSP', 'Org2MSP']);
  expect(cas[0]?.requests).toEqual([]);
  const bySecondOf = (a: unknown[], b: unknown[]) =>
    JSON.stringify(b[1]).localeCompare(JSON.stringify(a[1]));
  expect([...(cas[1]?.attributes ?? [])].sort(bySecondOf)).toEqual([
    [
      expect.stringMatching(/^alice-[0-9a-f]{8}$/),
      [{ name: 'role', value: 'seller', ecert: true }],
    ],
    [expect.stringMatching(/^alice-[0-9a-f]{8}$/), [{ name: 'role', value: 'buyer', ecert: true }]],
    ['bob', []],
  ]);
  const again = await enrolUsers(one, users.slice(0, 1));
  expect(again[0]).toBe(identities[0]);
  const stranger = enrolUsers(one, [{ name: 'eve', organisation: 'Org9' }]);
  await expect(stranger).rejects.toThrow(/user eve: expected one of the organisations Org1, Org2/);
});

it('enrols a name once a process', async () => {
  const { network: one, cas } = await network();
  const [first] = await enrolClients(one, ['a']);
  const asked = cas.map((ca) => ca.requests.length);
  const again = await enrolClients(one, ['a']);
  expect(again[0]).toBe(first);
  expect(cas.map((ca) => ca.requests.length)).toEqual(asked);
});

it('enrols without registering what another process registered', async () => {
  const { network: one, cas } = await network();
  await enrolClients(one, ['a']);
  const before = cas.map((ca) => ca.requests.length);
  await enrolClients({ ...one }, ['a']);
  expect(cas.map((ca, i) => ca.requests.slice(before[i]))).toEqual([['enroll a'], ['enroll a']]);
});

it('does not mind that another process registers at the same time', async () => {
  const { network: one } = await network();
  const both = await Promise.all([enrolClients(one, ['a']), enrolClients({ ...one }, ['a'])]);
  expect(both.flat()).toHaveLength(4);
});

it('says which CA is away, where, and for how long it was tried', async () => {
  const { network: one, cas } = await network();
  cas[1]?.server.close();
  await expect(enrolClients(one, ['a'], 300)).rejects.toThrow(
    /^enrolment of a at ca.org2 \(https:\/\/127.0.0.1:\d+\): expected a certificate, got .*ECONNREFUSED.* \(budget 300 ms\)/,
  );
});

it('says that a CA refuses its registrar, and tries anew when asked again', async () => {
  const { network: one } = await network();
  const stranger = { user: 'admin', password: 'wrong' };
  const registrarsOf = { ...credentials.registrars };
  const wrong: Enrolling & { credentials: { registrars: typeof registrarsOf } } = {
    ...one,
    credentials: { ...credentials, registrars: { ...registrarsOf, Org1: stranger } },
  };
  await expect(enrolClients(wrong, ['a'])).rejects.toThrow(
    /^enrolment of a at ca.org1: .*Authentication failure.*; see log of ca.org1/,
  );
  wrong.credentials.registrars = registrarsOf;
  expect(await enrolClients(wrong, ['a'])).toHaveLength(2);
});
