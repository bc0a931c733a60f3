import { stringify } from 'yaml';

/** Names and ports of a test network's nodes; the ports are of the loopback address. */
export interface Layout {
  readonly release: '2.5' | '3.1';
  readonly ordering: 'raft' | 'bft';
  readonly channel: string;
  readonly orderers: readonly { readonly name: string; readonly port: number }[];
  readonly peers: readonly {
    readonly name: string;
    readonly organisation: 'org1' | 'org2';
    readonly port: number;
    readonly chaincodePort: number;
    /** Absent: the peer's own LevelDB. */
    readonly couchdbPort?: number;
  }[];
  readonly chaincodePort: number;
  /** Nobody's. */
  readonly spare: number;
}

export const ORGANISATIONS = ['org1', 'org2'] as const;
export const mspIdOf = (organisation: string): string => `O${organisation.slice(1)}MSP`;
export const COUCHDB = { user: 'admin', password: 'adminpw' } as const;

const SANS = ['localhost', '127.0.0.1'];

/** What cryptogen reads. */
export const cryptoConfig = ({ orderers, peers }: Layout): string =>
  stringify({
    OrdererOrgs: [
      {
        Name: 'Orderer',
        Domain: 'example.com',
        EnableNodeOUs: true,
        Specs: orderers.map(({ name }) => ({ Hostname: name, SANS })),
      },
    ],
    PeerOrgs: ORGANISATIONS.map((name) => ({
      Name: mspIdOf(name).slice(0, -3),
      Domain: `${name}.example.com`,
      EnableNodeOUs: true,
      Specs: peers
        .filter(({ organisation }) => organisation === name)
        .map((peer) => ({ Hostname: peer.name.split('.')[0], SANS })),
      Users: { Count: 1 },
    })),
  });

const signature = (Rule: string) => ({ Type: 'Signature', Rule });
const implicit = (Rule: string) => ({ Type: 'ImplicitMeta', Rule });
const usual = {
  Readers: implicit('ANY Readers'),
  Writers: implicit('ANY Writers'),
  Admins: implicit('MAJORITY Admins'),
};

/** What configtxgen reads; its profile is called Channel. */
export function configtx({ ordering, orderers, peers }: Layout): string {
  const home = 'organizations/ordererOrganizations/example.com';
  const tls = (name: string) => `${home}/orderers/${name}.example.com/tls/server.crt`;
  const at = { Host: '127.0.0.1' };
  const ordererOrganisation = {
    Name: 'OrdererOrg',
    ID: 'OrdererMSP',
    MSPDir: `${home}/msp`,
    Policies: {
      Readers: signature("OR('OrdererMSP.member')"),
      Writers: signature("OR('OrdererMSP.member')"),
      Admins: signature("OR('OrdererMSP.admin')"),
    },
    OrdererEndpoints: orderers.map(({ port }) => `127.0.0.1:${port}`),
  };
  const members = ORGANISATIONS.map((name) => {
    const mspId = mspIdOf(name);
    const anchor = peers.find(({ organisation }) => organisation === name);
    return {
      Name: mspId,
      ID: mspId,
      MSPDir: `organizations/peerOrganizations/${name}.example.com/msp`,
      Policies: {
        Readers: signature(`OR('${mspId}.admin', '${mspId}.peer', '${mspId}.client')`),
        Writers: signature(`OR('${mspId}.admin', '${mspId}.client')`),
        Admins: signature(`OR('${mspId}.admin')`),
        Endorsement: signature(`OR('${mspId}.peer')`),
      },
      AnchorPeers: [{ ...at, Port: anchor?.port }],
    };
  });
  const consenters =
    ordering === 'raft'
      ? {
          OrdererType: 'etcdraft',
          EtcdRaft: {
            Consenters: orderers.map(({ name, port }) => ({
              ...at,
              Port: port,
              ClientTLSCert: tls(name),
              ServerTLSCert: tls(name),
            })),
          },
        }
      : {
          OrdererType: 'BFT',
          ConsenterMapping: orderers.map(({ name, port }, index) => ({
            ID: index + 1,
            ...at,
            Port: port,
            MSPID: 'OrdererMSP',
            Identity: `${home}/orderers/${name}.example.com/msp/signcerts/${name}.example.com-cert.pem`,
            ClientTLSCert: tls(name),
            ServerTLSCert: tls(name),
          })),
          SmartBFT: {
            RequestBatchMaxCount: 100,
            RequestBatchMaxInterval: '50ms',
            RequestForwardTimeout: '2s',
            RequestComplainTimeout: '20s',
            RequestAutoRemoveTimeout: '3m0s',
            ViewChangeResendInterval: '5s',
            ViewChangeTimeout: '20s',
            LeaderHeartbeatTimeout: '1m0s',
            CollectTimeout: '1s',
            IncomingMessageBufferSize: 200,
            RequestPoolSize: 100_000,
            LeaderHeartbeatCount: 10,
          },
        };
  return stringify(
    {
      Profiles: {
        Channel: {
          Policies: usual,
          Capabilities: { [ordering === 'raft' ? 'V2_0' : 'V3_0']: true },
          Orderer: {
            ...consenters,
            BatchTimeout: '500ms',
            BatchSize: {
              MaxMessageCount: 50,
              AbsoluteMaxBytes: '99 MB',
              PreferredMaxBytes: '512 KB',
            },
            Organizations: [ordererOrganisation],
            Policies: { ...usual, BlockValidation: implicit('ANY Writers') },
            Capabilities: { V2_0: true },
          },
          Application: {
            Organizations: members,
            Policies: {
              ...usual,
              LifecycleEndorsement: implicit('MAJORITY Endorsement'),
              Endorsement: implicit('MAJORITY Endorsement'),
            },
            Capabilities: { V2_5: true },
          },
        },
      },
    },
    { aliasDuplicateObjects: false },
  );
}

/**
 * A connection profile as Fabric's samples write it.
 *
 * @param only the organisation that it is for: of others, and of orderers, it says nothing then
 */
export function connectionProfile(
  { orderers, peers }: Layout,
  authority: (kind: 'orderer' | 'org1' | 'org2') => string,
  only?: 'org1' | 'org2',
): string {
  const shown = ORGANISATIONS.filter((name) => only === undefined || name === only);
  return stringify({
    name: 'test-network',
    version: '1.0.0',
    client: { organization: mspIdOf(shown[0] ?? 'org1').slice(0, -3) },
    organizations: Object.fromEntries(
      shown.map((name) => [
        mspIdOf(name).slice(0, -3),
        {
          mspid: mspIdOf(name),
          peers: peers.filter((p) => p.organisation === name).map((p) => `${p.name}.example.com`),
        },
      ]),
    ),
    peers: Object.fromEntries(
      peers
        .filter(({ organisation }) => shown.includes(organisation))
        .map(({ name, organisation, port }) => [
          `${name}.example.com`,
          node(`${name}.example.com`, port, authority(organisation)),
        ]),
    ),
    ...(only === undefined && {
      orderers: Object.fromEntries(
        orderers.map(({ name, port }) => [
          `${name}.example.com`,
          node(`${name}.example.com`, port, authority('orderer')),
        ]),
      ),
    }),
  });
}

const node = (name: string, port: number, pem: string) => ({
  url: `grpcs://localhost:${port}`,
  tlsCACerts: { pem },
  grpcOptions: { 'ssl-target-name-override': name, hostnameOverride: name },
});
