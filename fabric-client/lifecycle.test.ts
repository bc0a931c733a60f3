import { createHash } from 'node:crypto';
import { Connections } from './connections.ts';
import {
  approveChaincode,
  commitChaincode,
  committedDefinitions,
  defineChaincode,
  installChaincode,
  isSame,
} from './lifecycle.ts';
import { inquire } from './proposing.ts';
import { lifecycle } from './protos.ts';
import { createSigner } from './signer.ts';
import {
  createTestCrypto,
  type FakeAnswer,
  FakeChain,
  type FakeNode,
  type SeenProposal,
  startFakeNode,
} from './testing/fake-node.ts';

const crypto = await createTestCrypto();
const PACKAGE = Buffer.from('package');
const PACKAGE_ID = `bank_1:${createHash('sha256').update(PACKAGE).digest('hex')}`;
const definition = { name: 'bank', version: '1', sequence: 1 };
let network: Network;

/** Two organisations of two peers and an orderer that keep the lifecycle's state as Fabric does. */
class Network {
  readonly connections = new Connections();
  readonly chain = new FakeChain();
  readonly installs: string[] = [];
  readonly approved = new Set<string>();
  /** What the commit of a transaction does. */
  readonly approving = new Map<string, () => void>();
  readonly calls: string[] = [];
  readonly nodes: FakeNode[] = [];
  committed = false;
  code: 'VALID' | 'MVCC_READ_CONFLICT' = 'VALID';

  async start(): Promise<this> {
    this.chain.append();
    const channels = new Map([['c', this.chain]]);
    for (const name of ['peer0.org1', 'peer1.org1', 'peer0.org2', 'peer1.org2', 'orderer0']) {
      const mspId = name.endsWith('org2') ? 'Org2MSP' : 'Org1MSP';
      this.nodes.push(
        await startFakeNode({
          name,
          mspId,
          crypto,
          channels,
          propose: (proposal) => this.propose(name, mspId, proposal),
          broadcast: (_envelope, _channel, id) => {
            this.approving.get(id)?.();
            this.chain.append({ id, code: this.code });
            return { status: 'SUCCESS' };
          },
        }),
      );
    }
    return this;
  }

  propose(peer: string, mspId: string, { args, transactionId }: SeenProposal): FakeAnswer {
    const name = args[0]?.toString() ?? '';
    this.calls.push(`${name} ${peer}`);
    switch (name) {
      case 'QueryInstalledChaincodes': {
        const installed = this.installs.includes(peer) ? [{ package_id: PACKAGE_ID }] : [];
        const result = { installed_chaincodes: installed };
        return { payload: lifecycle.QueryInstalledChaincodesResult.encode(result).finish() };
      }
      case 'InstallChaincode':
        this.installs.push(peer);
        return {
          payload: lifecycle.InstallChaincodeResult.encode({ package_id: PACKAGE_ID }).finish(),
        };
      case 'ApproveChaincodeDefinitionForMyOrg':
        if (this.approved.has(mspId)) {
          return {
            refuse:
              'attempted to redefine uncommitted sequence (1) for namespace bank with unchanged content',
            byChaincode: true,
          };
        }
        this.approving.set(transactionId, () => this.approved.add(mspId));
        return {};
      case 'CheckCommitReadiness': {
        const approvals = Object.fromEntries(
          ['Org1MSP', 'Org2MSP'].map((id) => [id, this.approved.has(id)]),
        );
        return { payload: lifecycle.CheckCommitReadinessResult.encode({ approvals }).finish() };
      }
      case 'CommitChaincodeDefinition':
        this.committed = true;
        return {};
      case 'QueryChaincodeDefinitions': {
        const all = this.committed ? [{ name: 'bank', sequence: 1, version: '1' }] : [];
        const result = { chaincode_definitions: all };
        return { payload: lifecycle.QueryChaincodeDefinitionsResult.encode(result).finish() };
      }
      default:
        return { refuse: `unexpected ${name}` };
    }
  }

  get organisations() {
    return ['Org1MSP', 'Org2MSP'].map((mspId) => ({
      mspId,
      admin: crypto.identity(mspId),
      peers: this.nodes
        .map((node) => node.endpoint)
        .filter((endpoint) => endpoint.mspId === mspId && endpoint.name.startsWith('peer')),
    }));
  }

  get options() {
    const orderers = this.nodes.slice(4).map((node) => node.endpoint);
    return { connections: this.connections, channel: 'c', orderers, budgetMs: 5_000 };
  }

  stop(): void {
    this.connections.close();
    for (const node of this.nodes) node.stop();
  }
}

beforeEach(async () => {
  network = await new Network().start();
});

afterEach(() => network.stop());

it('deploys with one commit, endorsed by both organisations, and only what is missing', async () => {
  const { connections, options, organisations } = network;
  const deploy = async () => {
    for (const { admin, peers } of organisations) {
      for (const peer of peers) await installChaincode(connections, peer, PACKAGE, admin);
    }
    return await defineChaincode(options, organisations, definition, PACKAGE_ID);
  };
  expect(await deploy()).toEqual({ committed: true });
  expect(network.installs.sort()).toEqual(['peer0.org1', 'peer0.org2', 'peer1.org1', 'peer1.org2']);
  expect(network.calls.filter((call) => call.startsWith('Commit')).sort()).toEqual([
    'CommitChaincodeDefinition peer0.org1',
    'CommitChaincodeDefinition peer0.org2',
  ]);
  const before = network.chain.blocks.length;
  expect(await deploy()).toEqual({ committed: false });
  expect(network.installs).toHaveLength(4);
  expect(network.chain.blocks).toHaveLength(before);
});

it('installs a package on a peer once', async () => {
  const { connections, organisations } = network;
  const peer = organisations[0]?.peers[0];
  if (peer === undefined) throw new Error('no peer');
  const admin = crypto.identity('Org1MSP');
  const install = () => installChaincode(connections, peer, PACKAGE, admin);
  expect(await install()).toEqual({ packageId: PACKAGE_ID, installed: true });
  expect(await install()).toEqual({ packageId: PACKAGE_ID, installed: false });
});

it('takes an approval that exists for granted', async () => {
  const [organisation] = network.organisations;
  if (organisation === undefined) throw new Error('no organisation');
  const approve = () => approveChaincode(network.options, organisation, definition, PACKAGE_ID);
  expect(await approve()).toEqual({ approved: true });
  expect(await approve()).toEqual({ approved: false });
});

it('does not commit without every approval, and says whose is missing', async () => {
  network.approved.add('Org1MSP');
  const commit = commitChaincode(network.options, network.organisations, definition);
  await expect(commit).rejects.toThrow(/bank sequence 1 on c: .* got none by Org2MSP/);
  expect(network.committed).toBe(false);
});

it('fails when the transaction is ordered but invalid', async () => {
  network.code = 'MVCC_READ_CONFLICT';
  const [organisation] = network.organisations;
  if (organisation === undefined) throw new Error('no organisation');
  await expect(
    approveChaincode(network.options, organisation, definition, PACKAGE_ID),
  ).rejects.toThrow(/expected VALID, got MVCC_READ_CONFLICT in block 1/);
});

it('knows what is committed', async () => {
  const peer = network.organisations[1]?.peers[0];
  if (peer === undefined) throw new Error('no peer');
  const signer = createSigner(crypto.identity('Org2MSP'));
  const ask = () => inquire(network.connections, peer, signer, committedDefinitions('c'), 5_000);
  expect(await ask()).toEqual([]);
  network.committed = true;
  const [known] = await ask();
  if (known === undefined) throw new Error('no definition');
  expect(known).toMatchObject({ name: 'bank', version: '1', sequence: 1 });
  expect(isSame(known, definition)).toBe(true);
  expect(isSame(known, { ...definition, version: '2' })).toBe(false);
  expect(isSame(known, { ...definition, initRequired: true })).toBe(false);
  expect(isSame(known, { ...definition, policy: "OR('Org1MSP.peer')" })).toBe(false);
  const collections = [{ name: 'secret', policy: "OR('Org1MSP.member')" }];
  expect(isSame(known, { ...definition, collections })).toBe(false);
});
