import { broadcastConfig, createChannel, joinChannel, joinedChannels } from './channels.ts';
import { Connections } from './connections.ts';
import { inquire } from './proposing.ts';
import { common, protos } from './protos.ts';
import { blockNumber } from './seek.ts';
import { createSigner } from './signer.ts';
import {
  block,
  createTestCrypto,
  FakeChain,
  type FakeNode,
  type FakeNodeOptions,
  startFakeNode,
} from './testing/fake-node.ts';

const crypto = await createTestCrypto();
const signers = [crypto.identity('Org1MSP'), crypto.identity('Org2MSP')];
const connections = new Connections();
const nodes: FakeNode[] = [];

afterAll(() => {
  connections.close();
  for (const node of nodes) node.stop();
});

async function start(options: Partial<FakeNodeOptions> & { name: string }): Promise<FakeNode> {
  const node = await startFakeNode({ crypto, ...options });
  nodes.push(node);
  return node;
}

/** As `configtxgen -outputCreateChannelTx` writes it: not signed. */
function channelTx(channel: string): Uint8Array {
  const update = common.ConfigUpdate.encode({ channel_id: channel }).finish();
  const data = common.ConfigUpdateEnvelope.encode({ config_update: update }).finish();
  return common.Envelope.encode({ payload: common.Payload.encode({ data }).finish() }).finish();
}

describe('broadcastConfig', () => {
  const outdated = () => ({
    status: 'BAD_REQUEST' as const,
    info: 'key [Group] /Channel/Application/Org2 be at version 0, but it is currently at version 1',
  });
  const options = { connections, channel: 'c', envelope: () => channelTx('c'), budgetMs: 5_000 };

  it('knows its own earlier attempt, ordered though not answered, by an update that comes too late', async () => {
    const dying = await start({
      name: 'orderer0',
      broadcast: () => {
        dying.stop();
        return 'hang';
      },
    });
    const second = await start({ name: 'orderer1', broadcast: outdated });
    const orderers = [dying.endpoint, second.endpoint];
    await expect(broadcastConfig({ ...options, orderers })).resolves.toBeUndefined();
  });

  it('fails when the first attempt already comes too late', async () => {
    const node = await start({ name: 'orderer0', broadcast: outdated });
    const sent = broadcastConfig({ ...options, orderers: [node.endpoint] });
    await expect(sent).rejects.toThrow(/orderer0: expected SUCCESS, got BAD_REQUEST/);
  });
});

describe('createChannel', () => {
  function orderers() {
    const chain = new FakeChain();
    const channels = new Map<string, FakeChain>();
    const envelopes: Parameters<NonNullable<FakeNodeOptions['broadcast']>>[0][] = [];
    const create: FakeNodeOptions['broadcast'] = (envelope) => {
      envelopes.push(envelope);
      chain.append();
      channels.set('c', chain);
      return { status: 'SUCCESS' };
    };
    return { channels, chain, envelopes, create };
  }

  it('sends the update signed by every administrator, and returns block 0', async () => {
    const { channels, envelopes, create } = orderers();
    const node = await start({ name: 'orderer0', channels, broadcast: create });
    const result = await createChannel({
      connections,
      orderers: [node.endpoint],
      channelTx: channelTx('c'),
      signers,
    });
    expect(result).toMatchObject({ channel: 'c', created: true });
    expect(blockNumber(result.genesisBlock)).toBe(0);
    const payload = common.Payload.decode(envelopes[0]?.payload ?? new Uint8Array());
    const { signatures } = common.ConfigUpdateEnvelope.decode(payload.data);
    expect(signatures).toHaveLength(2);
  });

  it('does not order a channel twice that was ordered though not answered', async () => {
    const { channels, envelopes, create } = orderers();
    const silent: FakeNodeOptions['broadcast'] = (...asked) => {
      create(...asked);
      return 'break';
    };
    const first = await start({ name: 'orderer0', channels, broadcast: silent });
    const second = await start({ name: 'orderer1', channels, broadcast: create });
    const result = await createChannel({
      connections,
      orderers: [first.endpoint, second.endpoint],
      channelTx: channelTx('c'),
      signers,
    });
    expect(blockNumber(result.genesisBlock)).toBe(0);
    expect(envelopes).toHaveLength(1);
  });

  it('asks again, another orderer too, while they are starting up', async () => {
    const { channels, create } = orderers();
    const info = 'backing Kafka cluster has not completed booting; try again later';
    let refusals = 0;
    const starting: FakeNodeOptions['broadcast'] = (...asked) =>
      refusals++ < 2 ? { status: 'SERVICE_UNAVAILABLE', info } : create(...asked);
    const first = await start({ name: 'orderer0', channels, broadcast: starting });
    const second = await start({ name: 'orderer1', channels, broadcast: starting });
    const result = await createChannel({
      connections,
      orderers: [first.endpoint, second.endpoint],
      channelTx: channelTx('c'),
      signers,
    });
    expect(result.created).toBe(true);
    expect(refusals).toBe(3);
  });

  it('waits for each orderer’s consenter, asking strictly', async () => {
    const { channels, create } = orderers();
    const strict: number[] = [];
    const node = await start({
      name: 'orderer0',
      channels,
      broadcast: create,
      seek: (seek) => {
        if (!channels.has('c')) return undefined;
        strict.push(seek.error_response);
        return strict.length < 3 ? 'SERVICE_UNAVAILABLE' : undefined;
      },
    });
    await createChannel({
      connections,
      orderers: [node.endpoint],
      channelTx: channelTx('c'),
      signers,
    });
    expect(strict).toEqual([0, 0, 0]);
  });

  it('creates nothing when the channel is there', async () => {
    const { channels, chain, envelopes, create } = orderers();
    chain.append();
    channels.set('c', chain);
    const node = await start({ name: 'orderer0', channels, broadcast: create });
    const options = { connections, orderers: [node.endpoint], channelTx: channelTx('c'), signers };
    expect(await createChannel(options)).toMatchObject({ created: false });
    expect(envelopes).toEqual([]);
  });

  it('gives up at once when refused, and at the deadline when an orderer does not follow', async () => {
    const refusing = await start({
      name: 'orderer0',
      broadcast: () => ({ status: 'FORBIDDEN', info: 'not authorized' }),
    });
    const options = { connections, channelTx: channelTx('c'), signers };
    await expect(createChannel({ ...options, orderers: [refusing.endpoint] })).rejects.toThrow(
      /orderer0: expected SUCCESS, got FORBIDDEN: not authorized/,
    );

    const { channels, create } = orderers();
    const first = await start({ name: 'orderer0', channels, broadcast: create });
    const behind = await start({ name: 'orderer1' });
    await expect(
      createChannel({
        ...options,
        orderers: [first.endpoint, behind.endpoint],
        budgetMs: 2_000,
      }),
    ).rejects.toThrow(/channel c on orderer1: expected block 0 delivered.*NOT_FOUND.*budget/);
  });
});

describe('joinChannel', () => {
  it('joins once, and accepts that it has been', async () => {
    const joined: Buffer[] = [];
    const node = await start({
      name: 'peer0.org1',
      propose: ({ args, chaincode, channel }) => {
        expect([chaincode, channel]).toEqual(['cscc', '']);
        if (args[0]?.toString() === 'GetChannels') {
          const channels = joined.length > 0 ? [{ channel_id: 'c' }] : [];
          return { payload: protos.ChannelQueryResponse.encode({ channels }).finish() };
        }
        if (joined.length > 0) {
          return { refuse: 'cannot create ledger: ledger [c] already exists with state [ACTIVE]' };
        }
        joined.push(args[1] as Buffer);
        return {};
      },
    });
    const admin = crypto.identity('Org1MSP');
    const genesis = block(0, 0);
    const join = () => joinChannel(connections, node.endpoint, genesis, admin);
    const signer = createSigner(admin);
    const channels = () => inquire(connections, node.endpoint, signer, joinedChannels, 5_000);
    expect(await channels()).toEqual([]);
    expect(await join()).toEqual({ joined: true });
    expect(await join()).toEqual({ joined: false });
    expect(joined).toEqual([Buffer.from(genesis)]);
    expect(await channels()).toEqual(['c']);
  });

  it('passes on any other refusal', async () => {
    const node = await start({ name: 'peer0.org1', propose: () => ({ refuse: 'access denied' }) });
    const join = joinChannel(connections, node.endpoint, block(0, 0), crypto.identity('Org1MSP'));
    await expect(join).rejects.toThrow(/cscc.JoinChain on peer0.org1.*access denied/);
  });
});
