import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { LifecycleOrganisation } from '../../../fabric-client/lifecycle.ts';
import type { Endpoint, SigningIdentity } from '../../../fabric-client/types.ts';
import { signingIdentity } from '../../fabric/endpoints.ts';
import type { KeyPair } from '../../fabric/identities/certificates.ts';
import { readIdentity } from '../../network/foreign/identity.ts';
import { readProfile } from '../../network/foreign/profile.ts';
import { runningNetwork, settingsFrom } from '../context.ts';

/** A network of which all keys are at hand. */
export interface OpenNetwork {
  readonly orderers: readonly Endpoint[];
  readonly organisations: readonly LifecycleOrganisation[];
  readonly ordererAdmin: SigningIdentity;
  /** Of the organisations, in their order. */
  readonly owned: readonly {
    readonly ca: KeyPair;
    readonly user: SigningIdentity;
    /** By name, e.g. `peer0.org1`. */
    readonly peers: ReadonlyMap<string, SigningIdentity>;
  }[];
  /** Of the bank, as it is defined on the channel. */
  readonly version: string;
  /** Of a chaincode that is installed; no other needs to run. */
  readonly packageId: string;
  /** Makes the channel, with the bank on it, if it is not there yet. */
  prepare(channel: string): Promise<void>;
}

/** The network that `npm start` has started. */
export async function ownNetwork(): Promise<OpenNetwork> {
  const { nodes, ledgers, deployment } = await runningNetwork(settingsFrom({}));
  const { identities, definitions, packageIds } = deployment;
  return {
    orderers: nodes.orderers,
    organisations: nodes.organisations,
    ordererAdmin: signingIdentity(identities.orderer, identities.orderer.admin),
    owned: Object.values(identities.organisations).map((organisation) => ({
      ca: organisation.ca,
      user: signingIdentity(organisation, organisation.user),
      peers: new Map(
        Object.entries(organisation.nodes).map(([name, { msp }]) => [
          name,
          signingIdentity(organisation, msp),
        ]),
      ),
    })),
    version: definitions['bank']?.version ?? '1.0',
    packageId: packageIds['bank'] ?? '',
    async prepare(channel) {
      await ledgers.create(channel, ['bank']);
      ledgers.close();
    },
  };
}

/**
 * A network that others have started on this machine, with keys as cryptogen writes them and the bank on a channel.
 *
 * @param folder of cryptogen's output
 * @param profile a connection profile of everything
 * @throws UsageError where a part of it is missing
 */
export function cryptogenNetwork(
  folder: string,
  profile: string,
  bank: { readonly version: string; readonly packageId: string },
): OpenNetwork {
  const { peers, orderers } = readProfile(profile);
  const domains = (kind: string) => readdirSync(path.join(folder, kind)).sort();
  const [ordererDomain = ''] = domains('ordererOrganizations');
  const organisations = domains('peerOrganizations').map((domain) => {
    const home = path.join(folder, 'peerOrganizations', domain);
    const name = domain.split('.')[0] ?? '';
    const mspId = `${name[0]?.toUpperCase()}${name.slice(1)}MSP`;
    const user = (who: string) => readIdentity(path.join(home, 'users', `${who}@${domain}`), mspId);
    const own = readdirSync(path.join(home, 'peers')).map((peer) => {
      const short = peer.slice(0, -domain.length + name.length);
      return [short, readIdentity(path.join(home, 'peers', peer), mspId)] as const;
    });
    return {
      lifecycle: { mspId, admin: user('Admin'), peers: peers.filter((p) => p.mspId === mspId) },
      owned: { ca: authorityIn(path.join(home, 'ca')), user: user('User1'), peers: new Map(own) },
    };
  });
  return {
    orderers,
    organisations: organisations.map(({ lifecycle }) => lifecycle),
    ordererAdmin: readIdentity(
      path.join(folder, 'ordererOrganizations', ordererDomain, 'users', `Admin@${ordererDomain}`),
      'OrdererMSP',
    ),
    owned: organisations.map(({ owned }) => owned),
    ...bank,
    prepare: async () => {},
  };
}

function authorityIn(folder: string): KeyPair {
  const files = readdirSync(folder);
  const read = (end: string) => {
    const file = files.find((name) => name.endsWith(end));
    if (!file) throw new Error(`${folder}: expected a file …${end}, seen ${files.join(', ')}`);
    return readFileSync(path.join(folder, file), 'utf8');
  };
  return { certificate: read('-cert.pem'), privateKey: read('_sk') };
}
