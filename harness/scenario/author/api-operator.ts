import { caUser, openCa } from '../../../fabric-client/ca.ts';
import { connectionProfile } from '../../fabric/profile/connection-profile.ts';
import { deploymentOf } from '../../network/deployment.ts';
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
