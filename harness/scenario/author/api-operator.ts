import { caUser, openCa } from '../../../fabric-client/ca.ts';
import { connectionProfile } from '../../fabric/profile/connection-profile.ts';
import { API_ARTEFACTS } from '../../fabric/services/api.ts';
import { runningContainer } from '../../faults/components.ts';
import { deploymentOf } from '../../network/deployment.ts';
import { execOk } from '../../swarm/docker-api.ts';
import { apisOf } from '../../topology/components.ts';
import { CONTAINER_PORTS } from '../../topology/schema.ts';
import type { Session } from '../session.ts';

/**
 * Revokes a user at an organisation's CA, past the REST API, as the CA's own operator would.
 *
 * @throws Error when the organisation is unknown or the CA refuses
 */
export async function revokeAtCa(
  session: Session,
  organisation: string,
  enrollmentID: string,
): Promise<void> {
  const { ca, registrar, mspId } = caOf(session, organisation);
  const { key, certificate } = await ca.enroll({
    enrollmentID: registrar.user,
    enrollmentSecret: registrar.password,
  });
  const user = caUser(registrar.user, {
    mspId,
    certificatePem: certificate,
    privateKeyPem: key.toBytes(),
  });
  await ca.revoke({ enrollmentID, reason: 'keycompromise' }, user);
}

/**
 * Tries wrong secrets on the registrar of an organisation's CA, as anyone can who reaches its port.
 *
 * @returns how many of them the CA answered that it refuses
 * @throws Error when the organisation is unknown or the CA does not answer
 */
export async function wrongSecretsAtCa(
  session: Session,
  organisation: string,
  attempts: number,
): Promise<number> {
  const { ca, registrar } = caOf(session, organisation);
  let refused = 0;
  for (let i = 0; i < attempts; i += 1) {
    try {
      await ca.enroll({ enrollmentID: registrar.user, enrollmentSecret: `wrong-${i}` });
    } catch (error) {
      if (!(error as { errors?: unknown }).errors) throw error;
      refused += 1;
    }
  }
  return refused;
}

function caOf({ network, addresses }: Session, organisation: string) {
  const { topology, identities, credentials } = deploymentOf(network, 'its CAs');
  const profile = connectionProfile(topology, identities, addresses);
  const [caName = ''] = profile.organizations[organisation]?.certificateAuthorities ?? [];
  const authority = profile.certificateAuthorities[caName];
  const registrar = credentials.registrars[organisation];
  if (!authority || !registrar) {
    throw new Error(`organisation ${organisation}: expected one with a CA, seen none`);
  }
  const tlsRoots = [authority.tlsCACerts.pem];
  const ca = openCa({ url: authority.url, caName, tlsRoots });
  return { ca, registrar, mspId: profile.organizations[organisation]?.mspid ?? '' };
}

/** Where mongo-express is, how to log in, and which of its ports the engine publishes beyond its machine. */
export function mongoExpress({ network, addresses }: Session) {
  const { machine, ports } = network.topology.application.mongoExpress;
  const { user, password } = deploymentOf(network, 'mongo-express').credentials.mongoExpress;
  return {
    url: `http://${addresses[machine]}:${ports.http}/`,
    login: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    async portsOutside(): Promise<string[]> {
      const published = (await network.machine(machine).power?.publishedPorts?.()) ?? {};
      const own = [ports.http, CONTAINER_PORTS['mongo-express'].http].map((port) => `${port}/tcp`);
      return own.flatMap((port) => published[port] ?? []);
    },
  };
}

/** Root of the certificates with which the REST API serves HTTPS, PEM. @throws Error for a network without one */
export function apiTlsRoot({ network }: Session): string {
  const { topology, identities } = deploymentOf(network, 'TLS root of the REST API');
  const [first] = topology.organisations;
  const root = first && identities.organisations[first.name]?.tlsCa.certificate;
  if (!root) throw new Error('REST API: expected a TLS root, seen none');
  return root;
}

/**
 * Gives every process of the REST API a chaincode's package under another name, as its operator would who wants to
 * deploy it under that name too.
 *
 * @param chaincode one of the topology's
 * @throws Error when a process does not run or has no such package
 */
export async function offerPackageAs(
  { network }: Session,
  chaincode: string,
  name: string,
): Promise<void> {
  const { version } = network.topology.chaincodes.find((each) => each.name === chaincode) ?? {};
  const [from, to] = [`${chaincode}_${version}`, name].map(
    (each) => `${API_ARTEFACTS}/${each}.tar.gz`,
  );
  for (const api of apisOf(network.topology)) {
    const { container } = await runningContainer(network.component(api.name));
    await execOk(container, ['cp', from ?? '', to ?? ''], { user: '0' });
  }
}
