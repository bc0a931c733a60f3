import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { projectFolder } from '../../../../base/project.ts';
import { waitFor } from '../../../../base/wait.ts';
import {
  COUCHDB,
  configtx,
  connectionProfile,
  cryptoConfig,
  type Layout,
  mspIdOf,
  ORGANISATIONS,
} from './configuration.ts';
import { type Programs, programs } from './programs.ts';

const run = promisify(execFile);

/** Runs "$@" and ends it when standard input ends: also when the test is killed. */
const LEASHED = `exec 3<&0
(cat <&3 >/dev/null; kill -s KILL -- -$$) >/dev/null 2>&1 &
exec 3<&-
exec "$@" </dev/null`;

interface Process {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A Fabric network as somebody without the harness would make it: cryptogen, configtxgen, orderers, peers, osnadmin and
 * the peer's own commands, as processes on the loopback address. Two organisations of two peers each, the first of each
 * with a CouchDB (the server that the images hold), the other with LevelDB; three orderers with Raft, four with BFT.
 */
export class ForeignNetwork implements AsyncDisposable {
  readonly folder: string;
  readonly layout: Layout;
  readonly #programs: Programs;
  readonly #processes = new Map<string, ChildProcess>();
  readonly #definitions = new Map<string, Process>();

  private constructor(folder: string, layout: Layout, found: Programs) {
    this.folder = folder;
    this.layout = layout;
    this.#programs = found;
  }

  /**
   * Starts it, with a channel `trade` and the chaincode `bank` committed on it.
   *
   * @param folder new; it goes with the network
   */
  static async start(
    folder: string,
    release: Layout['release'],
    ordering: Layout['ordering'],
  ): Promise<ForeignNetwork> {
    const found = await programs(release);
    const network = new ForeignNetwork(folder, await layout(release, ordering), found);
    try {
      await network.#prepare();
      await network.#startNodes();
      await network.#makeChannel();
      await network.#deployChaincode();
      return network;
    } catch (error) {
      await network.#endAll();
      throw error;
    }
  }

  /** A connection profile of everything, of which the user may make another. */
  get profile(): string {
    return path.join(this.folder, 'connection.yaml');
  }

  /** A profile that knows an organisation's own peers only, as the samples' test network writes it. */
  profileOf(organisation: 'org1' | 'org2'): string {
    return path.join(this.folder, `connection-${organisation}.yaml`);
  }

  /** MSP folder of a user. */
  user(organisation: 'org1' | 'org2', name: 'Admin' | 'User1'): string {
    const domain = `${organisation}.example.com`;
    return path.join(this.#organisation(organisation), `users/${name}@${domain}/msp`);
  }

  couchdb(peer: string): string {
    const { couchdbPort } = this.#peer(peer);
    return `http://${COUCHDB.user}:${COUCHDB.password}@127.0.0.1:${couchdbPort}`;
  }

  /** Where a peer keeps a channel's blocks. */
  blockFile(peer: string): string {
    const { channel } = this.layout;
    return path.join(
      this.folder,
      `data/${peer}/ledgersData/chains/chains/${channel}/blockfile_000000`,
    );
  }

  /** Where a peer without CouchDB keeps the state. */
  stateDatabase(peer: string): string {
    return path.join(this.folder, `data/${peer}/ledgersData/stateLeveldb`);
  }

  /** Process id of a node. */
  pid(name: string): number {
    const { pid } = this.#processes.get(name) ?? {};
    if (pid === undefined) throw new Error(`${name}: expected it to run`);
    return pid;
  }

  /** Ends a process and waits until it is gone. */
  async stop(name: string): Promise<void> {
    const child = this.#processes.get(name);
    this.#processes.delete(name);
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin?.end();
    await ended;
  }

  /** Starts a process that {@link stop} has ended, with further environment. */
  async restart(name: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const known = this.#definitions.get(name);
    if (!known) throw new Error(`${name}: expected a process of this network`);
    await this.stop(name);
    await this.#start({ ...known, env: { ...known.env, ...env } });
    const { orderers, peers } = this.layout;
    const node = [...orderers, ...peers].find((one) => one.name === name);
    if (node) await listening(name, node.port);
  }

  /** Starts an orderer anew so that others do not find its cluster service where the channel says: it stays behind. */
  async withdraw(orderer: string): Promise<void> {
    const home = path.join(this.#organisation('orderer'), `orderers/${orderer}.example.com/tls`);
    await this.restart(orderer, {
      ORDERER_GENERAL_CLUSTER_LISTENADDRESS: '127.0.0.1',
      ORDERER_GENERAL_CLUSTER_LISTENPORT: String(this.layout.spare),
      ORDERER_GENERAL_CLUSTER_SERVERCERTIFICATE: path.join(home, 'server.crt'),
      ORDERER_GENERAL_CLUSTER_SERVERPRIVATEKEY: path.join(home, 'server.key'),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endAll();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #endAll(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((name) => this.stop(name)));
  }

  async #prepare(): Promise<void> {
    const { layout: own, folder } = this;
    await mkdir(path.join(folder, 'log'), { recursive: true });
    await this.#write('crypto-config.yaml', cryptoConfig(own));
    await this.#write('configtx.yaml', configtx(own));
    await this.#call('cryptogen', [
      'generate',
      '--config=crypto-config.yaml',
      '--output=organizations',
    ]);
    await this.#call('configtxgen', [
      ...['-profile', 'Channel', '-channelID', own.channel],
      ...['-outputBlock', 'genesis.block', '-configPath', folder],
    ]);
    const core = parse(await readFile(path.join(this.#programs.config, 'core.yaml'), 'utf8'));
    core.chaincode.executetimeout = '120s'; // a busy machine
    core.chaincode.externalBuilders = [{ name: 'service', path: path.join(folder, 'builder') }];
    await this.#write('core.yaml', stringify(core));
    await this.#write(
      'orderer.yaml',
      await readFile(path.join(this.#programs.config, 'orderer.yaml'), 'utf8'),
    );
    const steps = {
      detect: 'exit 0',
      build: 'cp "$1/connection.json" "$3/"',
      release: 'mkdir -p "$2/chaincode/server" && cp "$1/connection.json" "$2/chaincode/server/"',
    };
    for (const [name, script] of Object.entries(steps)) {
      await this.#write(`builder/bin/${name}`, `#!/bin/sh\n${script}\n`);
      await chmod(path.join(folder, 'builder/bin', name), 0o755);
    }
    const authorities = Object.fromEntries(
      await Promise.all(
        (['orderer', ...ORGANISATIONS] as const).map(async (kind) => [
          kind,
          await readFile(this.authority(kind), 'utf8'),
        ]),
      ),
    ) as Record<'orderer' | 'org1' | 'org2', string>;
    const authority = (kind: 'orderer' | 'org1' | 'org2') => authorities[kind];
    await this.#write('connection.yaml', connectionProfile(own, authority));
    for (const name of ORGANISATIONS) {
      await this.#write(`connection-${name}.yaml`, connectionProfile(own, authority, name));
    }
  }

  async #startNodes(): Promise<void> {
    const { orderers, peers, chaincodePort } = this.layout;
    const couchdbs = peers.flatMap(({ name, couchdbPort }) =>
      couchdbPort === undefined
        ? []
        : [
            {
              name: `couchdb.${name}`,
              command: [
                ...[
                  this.#programs.node,
                  path.join(projectFolder, 'fixtures/images/couchdb/server/main.ts'),
                ],
                ...[
                  '--port',
                  String(couchdbPort),
                  '--dir',
                  path.join(this.folder, `data/couchdb.${name}`),
                ],
              ],
              env: { COUCHDB_USER: COUCHDB.user, COUCHDB_PASSWORD: COUCHDB.password },
              port: couchdbPort,
            },
          ],
    );
    for (const { port: _, ...definition } of couchdbs) await this.#start(definition);
    for (const { name } of orderers) await this.#start(this.#orderer(name));
    await Promise.all(couchdbs.map(({ name, port }) => listening(name, port)));
    for (const { name } of peers) await this.#start(this.#peerProcess(name));
    await Promise.all([...orderers, ...peers].map(({ name, port }) => listening(name, port)));
    const chaincode = path.join(this.folder, 'chaincode');
    await cp(this.#programs.chaincode, chaincode, { recursive: true });
    await this.#package();
    await this.#start({
      name: 'bank',
      command: [this.#programs.node, path.join(chaincode, 'src/main.ts')],
      env: {
        CHAINCODE_ID: await this.#packageId(),
        CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${chaincodePort}`,
      },
    });
    await listening('bank', chaincodePort);
  }

  async #makeChannel(): Promise<void> {
    const { channel, orderers, peers } = this.layout;
    for (const { name } of orderers) {
      await this.#call('osnadmin', [
        ...['channel', 'join', '--channelID', channel, '--config-block', 'genesis.block'],
        ...['-o', `127.0.0.1:${this.#adminPort(name)}`],
      ]);
    }
    for (const { name } of peers) {
      await this.#peerCommand(name, ['channel', 'join', '-b', 'genesis.block']);
    }
  }

  async #deployChaincode(): Promise<void> {
    const { channel, orderers, peers } = this.layout;
    await Promise.all(
      peers.map(({ name }) =>
        this.#peerCommand(name, ['lifecycle', 'chaincode', 'install', 'bank.tar.gz']),
      ),
    );
    const [orderer] = orderers;
    const definition = [
      ...['-o', `127.0.0.1:${orderer?.port}`, '--tls', '--cafile', this.authority('orderer')],
      ...['--channelID', channel, '--name', 'bank', '--version', '1', '--sequence', '1'],
    ];
    const id = await this.#packageId();
    for (const organisation of ORGANISATIONS) {
      const first = peers.find((peer) => peer.organisation === organisation)?.name ?? '';
      // An orderer without a leader yet refuses.
      await waitFor(
        { subject: organisation, expected: 'its approval', budgetMs: 60_000, intervalMs: 500 },
        () =>
          this.#peerCommand(first, [
            ...['lifecycle', 'chaincode', 'approveformyorg', ...definition, '--package-id', id],
          ]).then(() => true),
      );
    }
    const asked = ORGANISATIONS.flatMap((organisation) => {
      const first = peers.find((peer) => peer.organisation === organisation);
      const address = ['--peerAddresses', `127.0.0.1:${first?.port}`];
      return [...address, '--tlsRootCertFiles', this.authority(organisation)];
    });
    await this.#peerCommand('peer0.org1', [
      ...['lifecycle', 'chaincode', 'commit', ...definition, ...asked],
    ]);
  }

  /** A package of type ccaas: where the chaincode listens. */
  async #package(): Promise<void> {
    await this.#write('package/metadata.json', '{"type":"ccaas","label":"bank_1"}');
    await this.#write(
      'package/connection.json',
      JSON.stringify({
        address: `127.0.0.1:${this.layout.chaincodePort}`,
        dial_timeout: '10s',
        tls_required: false,
      }),
    );
    const cwd = path.join(this.folder, 'package');
    await run('tar', ['czf', 'code.tar.gz', 'connection.json'], { cwd });
    await run('tar', ['czf', '../bank.tar.gz', 'metadata.json', 'code.tar.gz'], { cwd });
  }

  async #packageId(): Promise<string> {
    const args = ['lifecycle', 'chaincode', 'calculatepackageid', 'bank.tar.gz'];
    return (await this.#peerCommand('peer0.org1', args)).trim();
  }

  #orderer(name: string): Process {
    const { port } = this.layout.orderers.find((one) => one.name === name) ?? { port: 0 };
    const home = path.join(
      this.folder,
      `organizations/ordererOrganizations/example.com/orderers/${name}.example.com`,
    );
    const data = path.join(this.folder, 'data', name);
    const tls = (file: string) => path.join(home, 'tls', file);
    return {
      name,
      command: [this.#programs.path('orderer')],
      env: {
        FABRIC_CFG_PATH: this.folder,
        FABRIC_LOGGING_SPEC: 'warning',
        ORDERER_GENERAL_LISTENADDRESS: '127.0.0.1',
        ORDERER_GENERAL_LISTENPORT: String(port),
        ORDERER_GENERAL_LOCALMSPID: 'OrdererMSP',
        ORDERER_GENERAL_LOCALMSPDIR: path.join(home, 'msp'),
        ORDERER_GENERAL_TLS_ENABLED: 'true',
        ORDERER_GENERAL_TLS_PRIVATEKEY: tls('server.key'),
        ORDERER_GENERAL_TLS_CERTIFICATE: tls('server.crt'),
        ORDERER_GENERAL_TLS_ROOTCAS: `[${tls('ca.crt')}]`,
        ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE: tls('server.crt'),
        ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY: tls('server.key'),
        ORDERER_GENERAL_CLUSTER_ROOTCAS: `[${tls('ca.crt')}]`,
        ORDERER_GENERAL_BOOTSTRAPMETHOD: 'none',
        ORDERER_CHANNELPARTICIPATION_ENABLED: 'true',
        ORDERER_ADMIN_LISTENADDRESS: `127.0.0.1:${this.#adminPort(name)}`,
        ORDERER_OPERATIONS_LISTENADDRESS: '127.0.0.1:0',
        ORDERER_METRICS_PROVIDER: 'disabled',
        ORDERER_FILELEDGER_LOCATION: data,
        ORDERER_CONSENSUS_WALDIR: path.join(data, 'wal'),
        ORDERER_CONSENSUS_SNAPDIR: path.join(data, 'snap'),
      },
    };
  }

  #adminPort(orderer: string): number {
    return (this.layout.orderers.find(({ name }) => name === orderer)?.port ?? 0) + 1;
  }

  #peerProcess(name: string): Process {
    const { port, chaincodePort, couchdbPort, organisation } = this.#peer(name);
    const other = this.layout.peers.find((p) => p.organisation === organisation && p.name !== name);
    return {
      name,
      command: [this.#programs.path('peer'), 'node', 'start'],
      env: {
        ...this.#peerEnvironment(name),
        CORE_PEER_MSPCONFIGPATH: path.join(this.#peerHome(name), 'msp'),
        CORE_PEER_ID: `${name}.example.com`,
        CORE_PEER_LISTENADDRESS: `127.0.0.1:${port}`,
        CORE_PEER_CHAINCODEADDRESS: `127.0.0.1:${chaincodePort}`,
        CORE_PEER_CHAINCODELISTENADDRESS: `127.0.0.1:${chaincodePort}`,
        CORE_PEER_GOSSIP_EXTERNALENDPOINT: `127.0.0.1:${port}`,
        CORE_PEER_GOSSIP_BOOTSTRAP: `127.0.0.1:${other?.port}`,
        CORE_PEER_FILESYSTEMPATH: path.join(this.folder, 'data', name),
        CORE_LEDGER_SNAPSHOTS_ROOTDIR: path.join(this.folder, 'data', name, 'snapshots'),
        CORE_OPERATIONS_LISTENADDRESS: '127.0.0.1:0',
        CORE_METRICS_PROVIDER: 'disabled',
        CORE_VM_ENDPOINT: '',
        ...(couchdbPort !== undefined && {
          CORE_LEDGER_STATE_STATEDATABASE: 'CouchDB',
          CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS: `127.0.0.1:${couchdbPort}`,
          CORE_LEDGER_STATE_COUCHDBCONFIG_USERNAME: COUCHDB.user,
          CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD: COUCHDB.password,
        }),
      },
    };
  }

  #peerEnvironment(name: string): Record<string, string> {
    const { port, organisation } = this.#peer(name);
    const tls = (file: string) => path.join(this.#peerHome(name), 'tls', file);
    return {
      FABRIC_CFG_PATH: this.folder,
      FABRIC_LOGGING_SPEC: 'warning',
      CORE_PEER_ADDRESS: `127.0.0.1:${port}`,
      CORE_PEER_LOCALMSPID: mspIdOf(organisation),
      CORE_PEER_TLS_ENABLED: 'true',
      CORE_PEER_TLS_CERT_FILE: tls('server.crt'),
      CORE_PEER_TLS_KEY_FILE: tls('server.key'),
      CORE_PEER_TLS_ROOTCERT_FILE: tls('ca.crt'),
    };
  }

  /** A command of the peer's program, as the organisation's admin. */
  #peerCommand(peer: string, args: readonly string[]): Promise<string> {
    return this.#call('peer', args, {
      ...this.#peerEnvironment(peer),
      CORE_PEER_MSPCONFIGPATH: this.user(this.#peer(peer).organisation, 'Admin'),
    });
  }

  async #call(
    program: 'cryptogen' | 'configtxgen' | 'osnadmin' | 'peer',
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const { stdout } = await run(this.#programs.path(program), args, {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: this.folder, FABRIC_CFG_PATH: this.folder, ...env },
    });
    return stdout;
  }

  async #start(definition: Process): Promise<void> {
    const { name, command, env } = definition;
    await mkdir(path.join(this.folder, 'data', name), { recursive: true });
    const log = createWriteStream(path.join(this.folder, 'log', `${name}.log`), { flags: 'a' });
    const child = spawn('sh', ['-c', LEASHED, 'sh', ...command], {
      cwd: this.folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.folder, ...env },
    });
    child.stdin.on('error', () => undefined); // gone once the process is
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    this.#definitions.set(name, definition);
    this.#processes.set(name, child);
  }

  #organisation(name: 'orderer' | 'org1' | 'org2'): string {
    const below =
      name === 'orderer'
        ? 'ordererOrganizations/example.com'
        : `peerOrganizations/${name}.example.com`;
    return path.join(this.folder, 'organizations', below);
  }

  /** Certificate of an organisation's TLS authority. */
  authority(name: 'orderer' | 'org1' | 'org2'): string {
    const domain = name === 'orderer' ? 'example.com' : `${name}.example.com`;
    return path.join(this.#organisation(name), `tlsca/tlsca.${domain}-cert.pem`);
  }

  #peerHome(name: string): string {
    return path.join(
      this.#organisation(this.#peer(name).organisation),
      `peers/${name}.example.com`,
    );
  }

  #peer(name: string): Layout['peers'][number] {
    const peer = this.layout.peers.find((one) => one.name === name);
    if (!peer) throw new Error(`${name}: expected a peer of this network`);
    return peer;
  }

  async #write(name: string, content: string): Promise<void> {
    const file = path.join(this.folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

async function layout(release: Layout['release'], ordering: Layout['ordering']): Promise<Layout> {
  // Two in a row for each node: its own, and the one of its administration or of its chaincode.
  const base = await freePorts(40);
  let next = base;
  const pair = () => {
    next += 2;
    return next - 2;
  };
  const count = ordering === 'raft' ? 3 : 4;
  return {
    release,
    ordering,
    channel: 'trade',
    orderers: Array.from({ length: count }, (_, i) => ({ name: `orderer${i}`, port: pair() })),
    peers: ORGANISATIONS.flatMap((organisation) =>
      [0, 1].map((i) => {
        const port = pair();
        const chaincodePort = port + 1;
        const name = `peer${i}.${organisation}`;
        return { name, organisation, port, chaincodePort, ...(i === 0 && { couchdbPort: pair() }) };
      }),
    ),
    chaincodePort: pair(),
    spare: pair(),
  };
}

/** The first of several ports in a row that nobody listens on. */
async function freePorts(count: number): Promise<number> {
  for (let base = 17_000 + (process.pid % 40) * 100; base < 30_000; base += 100) {
    const tries = Array.from({ length: count }, (_, i) => isFree(base + i));
    if ((await Promise.all(tries)).every(Boolean)) return base;
  }
  throw new Error(`expected ${count} free ports in a row below 30000, seen none`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

async function listening(name: string, port: number): Promise<void> {
  const options = { subject: name, expected: `to listen on ${port}`, budgetMs: 60_000 };
  await waitFor(options, async () => ((await isFree(port)) ? undefined : true));
}
