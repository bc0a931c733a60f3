import { createHash, X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { componentsOf } from '../../topology/components.ts';
import { loadTopology } from '../../topology/load.ts';
import { type Credentials, createCredentials } from '../identities/credentials.ts';
import { createIdentities, type Identities } from '../identities/identities.ts';
import { chaincodeConnection, chaincodeServices } from './chaincode.ts';
import { foundationServices, type NetworkRequest, networkServices } from './network.ts';

/** All that starts before there are channel artefacts. */
const foundation = (wanted: NetworkRequest): ServiceDefinition[] =>
  Object.values(foundationServices(wanted)).flat();

const topology = loadTopology('fixtures/network/article.yaml');
const spread = loadTopology('fixtures/network/spread.yaml');
const addresses = { 1: '10.0.0.1', 2: '10.0.0.2', 3: '10.0.0.3' };
const ARTEFACTS = {
  genesis: Buffer.from('genesis block'),
  forApi: { 'mychannel.tx': Buffer.from('creation transaction') },
};

const SERVING = { bank: { packageId: 'bank_1.0:0123', tls: true } };

/** Making keys takes 0.2 s of computing; on a machine at work on other things the default of 5 s is not enough. */
const KEYS_BUDGET_MS = 60_000;

let identities: Identities;
let credentials: Credentials;
let request: NetworkRequest;
let services: ServiceDefinition[];
beforeAll(async () => {
  identities = await createIdentities(topology, addresses);
  credentials = createCredentials(topology);
  request = {
    topology,
    identities,
    credentials,
    addresses,
    officialCouchdb: false,
  };
  services = networkServices(request, ARTEFACTS, SERVING);
}, KEYS_BUDGET_MS);

function service(name: string, among = services): ServiceDefinition {
  const found = among.find((candidate) => candidate.name === name);
  if (found === undefined) {
    throw new Error(`no service ${name}`);
  }
  return found;
}

function file(definition: ServiceDefinition, path: string): string {
  const found = definition.files?.find((candidate) => candidate.path === path);
  if (found === undefined) {
    throw new Error(`${definition.name} has no file ${path}`);
  }
  return String(found.content);
}

function propertiesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

const kafka = (name: string, among?: ServiceDefinition[]) =>
  propertiesOf(file(service(name, among), '/etc/kafka/server.properties'));

describe('all services', () => {
  it('are the components of the topology, on their machines, with their ports', () => {
    const place = ({ name, machine, ports }: ServiceDefinition) => ({
      name,
      machine,
      ports: (ports ?? []).map(({ host, container }) => `${host}:${container}`),
    });
    const expected = componentsOf(topology).map(({ name, machine, ports }) => ({
      name,
      machine,
      ports: ports.map(({ host, container }) => `${host}:${container}`),
    }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(services.map(place).sort(byName)).toEqual(expected.sort(byName));
  });

  it('hold private keys and passwords in secrets only', () => {
    const passwords = [
      ...[credentials.couchdb, credentials.mongo, credentials.mongoExpress].map((l) => l.password),
      ...Object.values(credentials.registrars).map((login) => login.password),
      ...Object.values(credentials.firstAdminSecrets),
      credentials.tokenSecret,
      credentials.walletKey,
      credentials.sessionSecret,
      credentials.cookieSecret,
    ];
    for (const definition of services) {
      const visible = JSON.stringify({
        ...definition,
        files: definition.files?.map((f) =>
          f.secret ? f.path : { ...f, content: String(f.content) },
        ),
      });
      expect(visible).not.toContain('PRIVATE KEY');
      expect(passwords.filter((password) => visible.includes(password))).toEqual([]);
    }
  });

  it('hold in secrets nothing but private keys and passwords', () => {
    const secrets = services.flatMap((s) => (s.files ?? []).filter((f) => f.secret));
    const certificates = secrets.filter((f) => String(f.content).startsWith('-----BEGIN CERT'));
    expect(certificates).toEqual([]);
    expect(secrets.every((f) => (f.mode ?? 0) <= 0o444)).toBe(true);
  });

  it('are checked by a visit to a port, often at the start and rarely later', () => {
    for (const { name, health } of services.filter(({ image }) => image !== 'bank')) {
      expect(`${name} ${health?.test.join(' ')}`).toMatch(/ CMD bash -c .*exec 3<>\/dev\/tcp\/127/);
      expect([250, 3_000]).toContain(health?.startIntervalMs);
      expect(health?.intervalMs).toBeGreaterThanOrEqual(10_000);
      expect(JSON.stringify(health)).not.toContain('healthz');
    }
  });

  it('keep ledgers, logs and databases on volumes of their own', () => {
    const volumes = services.flatMap(({ name, volumes: of }) =>
      (of ?? []).map((volume) => ({ owner: name, ...volume })),
    );
    expect(new Set(volumes.map((volume) => volume.name)).size).toBe(volumes.length);
    const kinds = componentsOf(topology)
      .filter(({ kind }) => !['chaincode', 'api', 'mongo-express'].includes(kind))
      .map(({ name }) => name);
    expect(volumes.map(({ owner }) => owner).sort()).toEqual(kinds.sort());
  });

  it('start before the channel artefacts exist, but for chaincode, orderers and API', () => {
    const early = new Set(foundation(request).map(({ name }) => name));
    const late = services.map(({ name }) => name).filter((name) => !early.has(name));
    expect(late).toEqual([
      'bank.peer0.org1',
      'bank.peer1.org1',
      'bank.peer0.org2',
      'bank.peer1.org2',
      'orderer0',
      'orderer1',
      'api',
    ]);
  });

  it('share no private key but the API’s admins', () => {
    const keys = services
      .filter(({ name }) => name !== 'api')
      .flatMap(({ files = [] }) => [
        // One component may find its key under several paths.
        ...new Set(files.map((f) => String(f.content)).filter((f) => f.includes('PRIVATE KEY'))),
      ])
      .map((content) => createHash('sha256').update(content).digest('hex'));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('ZooKeeper and Kafka', () => {
  it('list the whole ensemble in every ZooKeeper configuration, each with its own id', () => {
    const configuration = propertiesOf(file(service('zookeeper1'), '/etc/zookeeper/zoo.cfg'));
    expect(configuration).toMatchObject({
      'server.1': 'zookeeper0:2888:3888',
      'server.2': 'zookeeper1:2888:3888',
      'server.3': 'zookeeper2:2888:3888',
      '4lw.commands.whitelist': 'srvr,mntr,ruok,stat',
      dataDir: '/var/lib/zookeeper',
    });
    expect(service('zookeeper1').env).toMatchObject({ ZOOKEEPER_MYID: '2' });
    expect(service('zookeeper1').volumes?.[0]?.path).toBe('/var/lib/zookeeper');
  });

  it('let a ZooKeeper count as healthy before there is a quorum: only the client port is needed', () => {
    const script = service('zookeeper0').health?.test[3] ?? '';
    expect(script).toContain('/dev/tcp/127.0.0.1/2181');
    expect(script).toMatch(/\|\| true; \}$/);
    expect(script).toMatch(/^\[ .* -lt 20 \] \|\| /);
  });

  it('set on every broker what a Kafka-ordered channel must not lose', () => {
    for (const [index, name] of ['kafka0', 'kafka1', 'kafka2', 'kafka3'].entries()) {
      expect(kafka(name)).toMatchObject({
        'broker.id': String(index),
        'default.replication.factor': '3',
        'min.insync.replicas': '2',
        'unclean.leader.election.enable': 'false',
        'log.retention.ms': '-1',
        'log.retention.bytes': '-1',
        'message.max.bytes': '103809024',
        'replica.fetch.max.bytes': '103809024',
        'socket.request.max.bytes': '104857600',
        'zookeeper.session.timeout.ms': '6000',
        'replica.lag.time.max.ms': '10000',
        'auto.create.topics.enable': 'true',
        'offsets.topic.replication.factor': '3',
        'zookeeper.connect': 'zookeeper0:2181,zookeeper1:2181,zookeeper2:2181',
        'log.dirs': '/var/lib/kafka',
      });
    }
  });

  it('advertise the overlay name inside and the machine’s address and port outside', () => {
    expect(kafka('kafka1')['advertised.listeners']).toBe(
      'INTERNAL://kafka1:9092,EXTERNAL://10.0.0.3:10092',
    );
    expect(kafka('kafka1').listeners).toBe('INTERNAL://0.0.0.0:9092,EXTERNAL://0.0.0.0:19092');
    expect(service('kafka1').ports).toEqual([{ host: 10_092, container: 19_092 }]);
  });

  it('tell brokers their machine only where the topology asks for it', () => {
    expect(kafka('kafka0')).not.toHaveProperty('broker.rack');
    const spreadServices = foundation({ ...request, topology: spread });
    const racks = ['kafka0', 'kafka1', 'kafka2', 'kafka3'].map(
      (name) => kafka(name, spreadServices)['broker.rack'],
    );
    expect(racks).toEqual(['machine1', 'machine2', 'machine3', 'machine3']);
  });
});

describe('orderers and peers', () => {
  it('start orderers from the genesis block, with TLS and short Kafka retries', () => {
    const orderer = service('orderer1');
    expect(file(orderer, '/etc/hyperledger/orderer/genesis.block')).toBe('genesis block');
    expect(orderer.env).toMatchObject({
      ORDERER_GENERAL_BOOTSTRAPMETHOD: 'file',
      ORDERER_GENERAL_BOOTSTRAPFILE: '/etc/hyperledger/orderer/genesis.block',
      ORDERER_GENERAL_LOCALMSPID: 'OrdererMSP',
      ORDERER_GENERAL_TLS_ENABLED: 'true',
      ORDERER_KAFKA_RETRY_SHORTINTERVAL: '1s',
      ORDERER_KAFKA_RETRY_SHORTTOTAL: '2m',
      ORDERER_KAFKA_RETRY_LONGINTERVAL: '5s',
      ORDERER_KAFKA_TOPIC_REPLICATIONFACTOR: '3',
      ORDERER_KAFKA_VERBOSE: 'false',
      ORDERER_METRICS_PROVIDER: 'prometheus',
    });
    expect(file(orderer, '/etc/hyperledger/orderer/tls/server.crt')).toBe(
      identities.orderer.nodes.orderer1?.tls.certificate,
    );
    expect(orderer.health?.test[3]).toContain('/127.0.0.1/8443');
  });

  it('bind each peer to its CouchDB, its chaincode servers and its neighbours', () => {
    const peer = service('peer1.org2');
    expect(peer.env).toMatchObject({
      CORE_PEER_ADDRESS: 'peer1.org2:7051',
      CORE_PEER_GOSSIP_EXTERNALENDPOINT: 'peer1.org2:7051',
      CORE_PEER_GOSSIP_BOOTSTRAP: 'peer0.org2:7051',
      CORE_PEER_LOCALMSPID: 'Org2MSP',
      CORE_PEER_DELIVERYCLIENT_RECONNECTBACKOFFTHRESHOLD: '5s',
      CORE_PEER_GATEWAY_BROADCASTTIMEOUT: '3s',
      CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS: 'couchdb1.org2:5984',
      CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG: '{"peername":"peer1.org2"}',
    });
    expect(peer.env).not.toHaveProperty('CORE_VM_ENDPOINT');
    // The peer logs its configuration, password included, under this logger at level info.
    expect(peer.env?.FABRIC_LOGGING_SPEC).toBe('nodeCmd=warning:info');
  });

  it('read CouchDB’s password from a secret just before the peer starts', () => {
    const { command } = service('peer0.org1');
    expect(command?.slice(0, 2)).toEqual(['bash', '-ec']);
    expect(command?.[2]).toBe(
      'CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD="$(</run/secrets/couchdb-password)"; ' +
        'export CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD; exec "$@"',
    );
    expect(command?.slice(3)).toEqual(['--', 'peer', 'node', 'start']);
    expect(file(service('peer0.org1'), '/run/secrets/couchdb-password')).toBe(
      file(service('couchdb0.org1'), '/run/secrets/couchdb-password'),
    );
  });
});

describe('chaincode', () => {
  it('runs a server beside each peer, under one package id and a name that the template gives', () => {
    const servers = services.filter(({ image }) => image === 'bank');
    expect(servers.map(({ name, machine }) => `${name} ${machine}`)).toEqual([
      'bank.peer0.org1 1',
      'bank.peer1.org1 1',
      'bank.peer0.org2 2',
      'bank.peer1.org2 2',
    ]);
    expect(new Set(servers.map(({ env }) => env?.CHAINCODE_ID))).toEqual(
      new Set(['bank_1.0:0123']),
    );
    const chaincode = topology.chaincodes[0];
    const { address } = chaincodeConnection(chaincode as NonNullable<typeof chaincode>, identities);
    const peer = service('peer0.org2').env?.CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG ?? '';
    expect(address.replace('{{.peername}}', JSON.parse(peer).peername)).toBe(
      'bank.peer0.org2:7052',
    );
  });

  it('is trusted by peers of every organisation', () => {
    const chaincode = topology.chaincodes[0];
    const connection = chaincodeConnection(chaincode as NonNullable<typeof chaincode>, identities);
    for (const organisation of Object.values(identities.organisations)) {
      expect(connection.root_cert).toContain(organisation.tlsCa.certificate);
    }
    expect(connection.tls_required).toBe(true);
  });

  it('asks nothing of an image: no shell for a health check, no user for the key', () => {
    const server = service('bank.peer0.org1');
    expect(server.health?.test).toEqual(['NONE']);
    const keys = server.files?.filter(({ secret }) => secret) ?? [];
    expect(keys.map(({ mode }) => mode)).toEqual([0o444, 0o444, 0o444]);
    expect(server.user).toBeUndefined();
  });

  it('tells no server an authority of callers: it would demand a certificate of every peer', () => {
    const { env = {}, files = [] } = service('bank.peer0.org1');
    expect(env.CORE_PEER_TLS_ROOTCERT_FILE).toBe('');
    expect(Object.keys(env).filter((key) => /CLIENT_CA/.test(key))).toEqual([]);
    // The Java shim does not serve TLS without a file of roots, whatever is in it.
    const java = { bank: { ...SERVING.bank, namesRoots: true } };
    const [server] = chaincodeServices(topology, identities, java);
    expect(server?.env?.CORE_PEER_TLS_ROOTCERT_FILE).toBe('/etc/hyperledger/chaincode/server.crt');
    expect(files.map(({ path }) => path).filter((path) => /ca|root/.test(path))).toEqual([]);
  });

  it('serves in the clear where the server cannot do TLS', () => {
    const serving = { bank: { packageId: 'bank_1.0:0123', tls: false } };
    const [server] = chaincodeServices(topology, identities, serving);
    expect(server?.env).toMatchObject({
      CHAINCODE_TLS_DISABLED: 'true',
      CORE_PEER_TLS_ENABLED: 'false',
    });
    expect(Object.keys(server?.env ?? {}).filter((key) => /KEY|CERT/.test(key))).toEqual([]);
    const connection = chaincodeConnection({ name: 'bank' }, identities, false);
    expect(connection).toMatchObject({ tls_required: false });
    expect(connection).not.toHaveProperty('root_cert');
  });

  it('says which package id is missing', () => {
    expect(() => chaincodeServices(topology, identities, {})).toThrow(
      'package id of chaincode: expected bank, saw none',
    );
  });
});

describe('CA servers, databases and API', () => {
  it('let the CA sign with the root key of the organisation’s MSP', () => {
    const ca = service('ca.org1');
    const home = '/etc/hyperledger/fabric-ca-server';
    const configuration = parse(file(ca, `${home}/fabric-ca-server-config.yaml`));
    expect(configuration.ca).toEqual({
      name: 'ca.org1',
      certfile: `${home}/ca-cert.pem`,
      keyfile: `${home}/ca-key.pem`,
    });
    expect(file(ca, configuration.ca.certfile)).toBe(identities.organisations.Org1?.ca.certificate);
    expect(file(ca, configuration.ca.keyfile)).toBe(identities.organisations.Org1?.ca.privateKey);
    expect(file(ca, configuration.tls.certfile)).toBe(
      identities.organisations.Org1?.servers['ca.org1']?.certificate,
    );
    expect(configuration.registry.identities[0]).toMatchObject({
      name: 'admin',
      pass: credentials.registrars.Org1?.password,
      maxenrollments: -1,
    });
    expect(configuration.cfg.identities).toEqual({ passwordattempts: -1, allowremove: false });
    expect(configuration.db.datasource.startsWith(`${ca.volumes?.[0]?.path}/`)).toBe(true);
    expect(configuration.affiliations).toEqual({ org1: ['department1', 'department2'] });
  });

  it('give the official CouchDB its password by another way than the stand-in', () => {
    const official = foundation({ ...request, officialCouchdb: true });
    expect(service('couchdb0.org1', official).command?.slice(4)).toEqual([
      'tini',
      '--',
      '/docker-entrypoint.sh',
      '/opt/couchdb/bin/couchdb',
    ]);
    expect(service('couchdb0.org1', official).env).not.toHaveProperty('COUCHDB_PASSWORD_FILE');
    expect(service('couchdb0.org1').command).toBeUndefined();
    expect(service('couchdb0.org1').env).toMatchObject({
      COUCHDB_USER: 'fabric',
      COUCHDB_PASSWORD_FILE: '/run/secrets/couchdb-password',
    });
  });

  it('name for the API a file for each of its variables', () => {
    const api = service('api');
    for (const [name, path] of Object.entries(api.env ?? {})) {
      if (name.endsWith('_FILE')) {
        expect(file(api, path).length).toBeGreaterThan(0);
      }
    }
    const env = api.env ?? {};
    expect(file(api, env.MONGODB_URL_FILE ?? '')).toBe(
      `mongodb://root:${credentials.mongo.password}@mongo:27017/api?authSource=admin`,
    );
    const profile = JSON.parse(file(api, env.CONNECTION_PROFILE ?? ''));
    expect(profile.peers['peer0.org2'].url).toBe('grpcs://peer0.org2:7051');
    expect(JSON.parse(file(api, env.CA_ADMIN_FILE ?? '')).Org2.name).toBe('admin');
    expect(file(api, `${env.CHANNEL_ARTEFACTS_DIR}/mychannel.tx`)).toBe('creation transaction');
  });

  it('give every replica of the API the shared name, a certificate for it, and the same secrets', async () => {
    const replicated = await createIdentities(spread, addresses);
    const all = networkServices(
      { ...request, topology: spread, identities: replicated },
      ARTEFACTS,
      SERVING,
    );
    const [first, second] = ['api', 'api1'].map((name) => service(name, all));
    if (!first || !second) throw new Error('no API');
    expect([first.machine, second.machine, first.alias, second.alias]).toEqual([
      1,
      2,
      'api',
      'api',
    ]);
    const certificate = (of: ServiceDefinition) =>
      new X509Certificate(file(of, of.env?.TLS_CERT_FILE ?? ''));
    expect(certificate(second).subjectAltName).toMatch(/DNS:api1, DNS:api,/);
    expect(certificate(first).serialNumber).not.toBe(certificate(second).serialNumber);
    for (const variable of ['TOKEN_SECRET_FILE', 'WALLET_KEY_FILE']) {
      expect(file(second, second.env?.[variable] ?? '')).toBe(
        file(first, first.env?.[variable] ?? ''),
      );
    }
  });

  it('refuses an artefact for the REST API that no Swarm config can hold', () => {
    const forApi = { 'big_1.0.tar.gz': new Uint8Array(500 * 1024 + 1) };
    expect(() => networkServices(request, { ...ARTEFACTS, forApi }, SERVING)).toThrow(
      'artefact big_1.0.tar.gz of the REST API: expected at most 512000 bytes, saw 512001',
    );
  });
});
