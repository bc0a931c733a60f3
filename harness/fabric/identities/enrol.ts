import { createHash, createHmac } from 'node:crypto';
import { type CaService, type CaUser, caUser, openCa } from '../../../fabric-client/ca.ts';
import { describe, FabricError } from '../../../fabric-client/errors.ts';
import type { SigningIdentity } from '../../../fabric-client/types.ts';
import { until } from '../../../fabric-client/until.ts';
import { addressesOf } from '../../topology/addresses.ts';
import type { Organisation, Topology } from '../../topology/schema.ts';
import { connectionProfile } from '../profile/connection-profile.ts';
import type { Credentials, Login } from './credentials.ts';
import type { Identities } from './identities.ts';
import { createSigningRequest } from './signing-request.ts';

/** What is needed of a running network. */
export interface Enrolling {
  readonly topology: Topology;
  readonly identities: Identities;
  readonly credentials: Credentials;
  readonly machines: readonly { readonly number: number; readonly address: string }[];
}

/** fabric-ca-client puts this on errors that the server answered; those of the connection lack it. */
interface ServerAnswer {
  readonly errors?: readonly { readonly code: number; readonly message: string }[];
}

/** Codes of Fabric CA's answers (`fabric-ca lib/caerrors`). */
const AUTHENTICATION_FAILURE = 20;
const ALREADY_REGISTERED = 74;

/** By network, then by organisation and name: certificates are enrolled once a process. */
const enrolled = new WeakMap<Enrolling, Map<string, Promise<SigningIdentity>>>();

/**
 * Clients of every organisation, enrolled by its Fabric CA over TLS at its published port; registered first where the
 * CA does not know them yet. A client's secret follows from the registrar's, so that every process of a run can enrol
 * it. Takes about 150 ms a client on an idle machine, nothing for those that this process has already.
 *
 * @param names of the clients in each organisation's CA, e.g. `harness-client`
 * @param budgetMs how long a CA may be away, ms
 * @returns for each organisation, in the topology's order, one identity for each name
 * @throws FabricError that names the CA which does not answer or refuses
 */
export async function enrolClients(
  network: Enrolling,
  names: readonly string[],
  budgetMs = 20_000,
): Promise<SigningIdentity[]> {
  const cache = enrolled.get(network) ?? new Map<string, Promise<SigningIdentity>>();
  enrolled.set(network, cache);
  const identities = network.topology.organisations.map(async (organisation) => {
    const key = (name: string) => `${organisation.name}/${name}`;
    const missing = names.filter((name) => !cache.has(key(name)));
    const authority = missing.length === 0 ? undefined : openAuthority(network, organisation);
    for (const name of missing) {
      const identity = enrol(authority as Authority, name, budgetMs);
      cache.set(key(name), identity);
      identity.catch(() => cache.delete(key(name)));
    }
    return await Promise.all(names.map((name) => cache.get(key(name)) as Promise<SigningIdentity>));
  });
  return (await Promise.all(identities)).flat();
}

/** A client of one organisation. */
export interface ClientUser {
  readonly name: string;
  /** The organisation's name in the topology. */
  readonly organisation: string;
  /** That its certificate is to carry. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * Clients by name and organisation, as {@link enrolClients}; attributes are theirs from their registration on.
 *
 * @returns in the order of the users
 * @throws FabricError also for an organisation that the network does not have
 */
export async function enrolUsers(
  network: Enrolling,
  users: readonly ClientUser[],
  budgetMs = 20_000,
): Promise<SigningIdentity[]> {
  const cache = enrolled.get(network) ?? new Map<string, Promise<SigningIdentity>>();
  enrolled.set(network, cache);
  return await Promise.all(
    users.map((user) => {
      const { organisations } = network.topology;
      const organisation = organisations.find(({ name }) => name === user.organisation);
      if (!organisation) {
        throw new FabricError({
          subject: `user ${user.name}`,
          expected: `one of the organisations ${organisations.map(({ name }) => name).join(', ')}`,
          seen: user.organisation,
        });
      }
      const attributes = Object.entries(user.attributes ?? {}).sort();
      const key = JSON.stringify([organisation.name, user.name, attributes]);
      const known = cache.get(key);
      if (known) return known;
      // Other attributes are another registration: a CA does not change those of one that it knows.
      const suffix = attributes.length === 0 ? '' : `-${digestOf(JSON.stringify(attributes))}`;
      const authority = openAuthority(network, organisation);
      const identity = enrol(authority, `${user.name}${suffix}`, budgetMs, user.attributes);
      cache.set(key, identity);
      identity.catch(() => cache.delete(key));
      return identity;
    }),
  );
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);

interface Authority {
  readonly name: string;
  readonly url: string;
  readonly organisation: Organisation;
  readonly registrar: Login;
  readonly service: CaService;
  /** Its enrolment, begun when first needed. */
  admin?: Promise<CaUser>;
}

function openAuthority(network: Enrolling, organisation: Organisation): Authority {
  const { topology, identities, credentials, machines } = network;
  const addresses = addressesOf(machines);
  const { name } = organisation.ca;
  const registrar = credentials.registrars[organisation.name];
  const endpoint = connectionProfile(topology, identities, addresses).certificateAuthorities[name];
  if (registrar === undefined || endpoint === undefined) {
    throw new FabricError({
      subject: `CA of ${organisation.name}`,
      expected: 'an address and a registrar',
      seen: registrar === undefined ? 'no registrar' : 'no address',
    });
  }
  const { url, caName, tlsCACerts } = endpoint;
  const service = openCa({ url, caName, tlsRoots: [tlsCACerts.pem] });
  return { name, url, organisation, registrar, service };
}

async function enrol(
  authority: Authority,
  name: string,
  budgetMs: number,
  attributes: Readonly<Record<string, string>> = {},
): Promise<SigningIdentity> {
  const { registrar } = authority;
  const secret = createHmac('sha256', registrar.password).update(name).digest('base64url');
  return await until({
    subject: `enrolment of ${name} at ${authority.name} (${authority.url})`,
    expected: 'a certificate',
    budgetMs,
    attempt: async () => {
      try {
        return await certified(authority, name, secret);
      } catch (error) {
        // It says the same of a name that it does not know.
        if (!answered(error, AUTHENTICATION_FAILURE)) throw error;
      }
      await register(authority, name, secret, attributes);
      return await certified(authority, name, secret);
    },
    retry: (error) => !isAnswer(error),
  }).catch((error: unknown) => {
    if (!isAnswer(error)) throw error;
    throw new FabricError({
      subject: `enrolment of ${name} at ${authority.name}`,
      expected: 'a certificate',
      seen: describe(error),
      look: `log of ${authority.name}`,
      cause: error,
    });
  });
}

async function register(
  authority: Authority,
  name: string,
  secret: string,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  const { service, organisation } = authority;
  authority.admin ??= enrolRegistrar(authority);
  try {
    const request = {
      enrollmentID: name,
      enrollmentSecret: secret,
      role: 'client',
      affiliation: organisation.name.toLowerCase(),
      // Any number of times: each process enrols its own.
      maxEnrollments: -1,
      // With `ecert` a certificate carries it without being asked to.
      attrs: Object.entries(attributes).map(([key, value]) => ({ name: key, value, ecert: true })),
    };
    await service.register(request, await authority.admin);
  } catch (error) {
    // Another process was faster.
    if (answered(error, ALREADY_REGISTERED)) return;
    delete authority.admin;
    throw error;
  }
}

async function enrolRegistrar(authority: Authority): Promise<CaUser> {
  const { registrar } = authority;
  return caUser(registrar.user, await certified(authority, registrar.user, registrar.password));
}

/**
 * Has the CA certify a new key. The key is Node's and not the SDK's, whose arithmetic in JavaScript takes a second for
 * one on busy cores, and many within Jest, where scenarios run.
 */
async function certified(
  { service, organisation }: Authority,
  name: string,
  secret: string,
): Promise<SigningIdentity> {
  const { request, privateKey } = await createSigningRequest(name);
  const { certificate } = await service.enroll({
    enrollmentID: name,
    enrollmentSecret: secret,
    csr: request,
  });
  return {
    mspId: organisation.mspId,
    certificatePem: certificate,
    privateKeyPem: privateKey,
  };
}

function isAnswer(error: unknown): error is ServerAnswer {
  return Array.isArray((error as ServerAnswer | null)?.errors);
}

function answered(error: unknown, code: number): boolean {
  return isAnswer(error) && error.errors?.some((one) => one.code === code) === true;
}
