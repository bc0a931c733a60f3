import { createHash } from 'node:crypto';
import { type ClientOptions, openClient } from './client.ts';
import { acquireFeed } from './commit-feed.ts';
import { Connections } from './connections.ts';
import { transactionById } from './ledger.ts';
import { protos } from './protos.ts';
import { createSigner } from './signer.ts';
import {
  createTestCrypto,
  type FakeAnswer,
  FakeChain,
  type FakeNode,
  type FakeNodeOptions,
  type SeenProposal,
  startFakeNode,
} from './testing/fake-node.ts';

type Broadcast = NonNullable<FakeNodeOptions['broadcast']>;

const crypto = await createTestCrypto();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const QUICK = { endorseMs: 5_000, broadcastMs: 5_000, commitMs: 5_000, doubtMs: 2_100 };

/** Two organisations of two peers, two orderers; by default everything works. */
class Network {
  readonly chain = new FakeChain();
  readonly nodes = new Map<string, FakeNode>();
  readonly answers = new Map<string, (proposal: SeenProposal) => FakeAnswer>();
  readonly orderers = new Map<string, Broadcast>();
  /** Transactions that each orderer was handed. */
  readonly handed: string[] = [];
  readonly committed = new Map<string, { code: string; block: number }>();
  readonly cleanUp: (() => unknown)[] = [];
  readonly connections = new Connections();

  async start(): Promise<this> {
    this.cleanUp.push(() => this.connections.close());
    this.chain.append();
    for (const [name, mspId] of [
      ['peer0.org1', 'Org1MSP'],
      ['peer1.org1', 'Org1MSP'],
      ['peer0.org2', 'Org2MSP'],
      ['peer1.org2', 'Org2MSP'],
      ['orderer0', 'OrdererMSP'],
      ['orderer1', 'OrdererMSP'],
    ] as const) {
      const node = await startFakeNode({
        name,
        mspId,
        crypto,
        channels: new Map([['c', this.chain]]),
        propose: (proposal) => this.propose(name, proposal),
        broadcast: (envelope, channel, id) => {
          this.handed.push(name);
          return (this.orderers.get(name) ?? this.accept)(envelope, channel, id);
        },
      });
      this.nodes.set(name, node);
      this.cleanUp.push(() => node.stop());
    }
    return this;
  }

  readonly accept: Broadcast = (_envelope, _channel, id) => {
    this.commit(id);
    return { status: 'SUCCESS' };
  };

  commit(id: string, code: 'VALID' | 'MVCC_READ_CONFLICT' | 'DUPLICATE_TXID' = 'VALID'): void {
    const block = this.chain.append({ id, code });
    if (code !== 'DUPLICATE_TXID') this.committed.set(id, { code, block });
  }

  propose(peer: string, proposal: SeenProposal): FakeAnswer {
    const name = proposal.args[0]?.toString() ?? '';
    if (proposal.chaincode !== 'qscc') {
      return this.answers.get(peer)?.(proposal) ?? { payload: Buffer.from('done') };
    }
    if (name === 'GetChainInfo') return { payload: chainInfo(this.chain.blocks.length) };
    const id = proposal.args[2]?.toString() ?? '';
    const found = this.committed.get(id);
    if (found === undefined) return { refuse: `no such transaction ID [${id}] in index` };
    if (name === 'GetBlockByTxID') {
      return { payload: this.chain.blocks[found.block] ?? Buffer.alloc(0) };
    }
    const validationCode = protos.TxValidationCode[found.code as 'VALID'];
    return { payload: protos.ProcessedTransaction.encode({ validationCode }).finish() };
  }

  readonly profile = (() => {
    const named = (kind: string) =>
      [...this.nodes.values()].map((n) => n.endpoint).filter((e) => e.name.startsWith(kind));
    let made: ClientOptions['profile'] | undefined;
    return () => {
      made ??= { peers: named('peer'), orderers: named('orderer') };
      return made;
    };
  })();

  async open(options: Partial<ClientOptions> = {}) {
    const client = await openClient({
      connections: this.connections,
      profile: this.profile(),
      identity: crypto.identity('Org1MSP'),
      channel: 'c',
      chaincode: 'bank',
      ...options,
      timeouts: { ...QUICK, ...options.timeouts },
    });
    this.cleanUp.push(() => client.close());
    return client;
  }

  endorsers(): string[] {
    return [...this.nodes].flatMap(([name, node]) =>
      node.proposals().some((proposal) => proposal.chaincode === 'bank') ? [name] : [],
    );
  }
}

function chainInfo(height: number): Uint8Array {
  // common.BlockchainInfo: field 1 is the height.
  return Buffer.from([0x08, height]);
}

const transfer = { function: 'transfer', args: ['a', 'b', '1'] };
let network: Network;

beforeEach(async () => {
  network = await new Network().start();
});

afterEach(async () => {
  for (const step of network.cleanUp.reverse()) await step();
});

describe('submit', () => {
  it('is ok when a peer reports VALID, with all that the history wants', async () => {
    const client = await network.open({ clock: () => 42 });
    const { responses, ...result } = await client.submit(transfer);
    expect(result).toEqual({
      outcome: 'ok',
      stage: 'commit',
      at: 42,
      orderer: 'orderer0',
      acknowledgedAt: 42,
      block: 1,
      code: 'VALID',
      result: 'done',
    });
    expect(responses).toMatchObject(
      ['peer0.org1', 'peer0.org2'].map((peer) => ({
        ...{ peer, round: 1, status: 200, result: sha256('rwset') },
      })),
    );
    expect(network.endorsers()).toEqual(['peer0.org1', 'peer0.org2']);
  });

  it('asks only the organisations that are to endorse this one', async () => {
    const client = await network.open();
    const submitted = await client.submit({ ...transfer, endorsingOrganisations: ['Org2MSP'] });
    expect(submitted.outcome).toBe('ok');
    expect(network.endorsers()).toEqual(['peer0.org2']);
    expect(() => client.prepare({ ...transfer, endorsingOrganisations: ['Org9MSP'] })).toThrow(
      /endorsing organisation Org9MSP: expected a peer/,
    );
  });

  it('fixes id and peers before anything is sent', async () => {
    const client = await network.open({ turn: 1 });
    const prepared = client.prepare(transfer);
    expect(prepared.transactionId).toMatch(/^[0-9a-f]{64}$/);
    expect(prepared.peers).toEqual(['peer1.org1', 'peer1.org2']);
    expect(network.endorsers()).toEqual([]);
    await prepared.submit();
    expect(network.committed.has(prepared.transactionId)).toBe(true);
  });

  it('fails when the chaincode refuses, without asking others or ordering anything', async () => {
    const client = await network.open();
    const no = () => ({ refuse: 'insufficient funds', byChaincode: true });
    for (const peer of network.nodes.keys()) network.answers.set(peer, no);
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'fail', stage: 'endorse', refused: true });
    expect(result.error).toContain('insufficient funds');
    expect(network.handed).toEqual([]);
    expect(network.endorsers()).toEqual(['peer0.org1', 'peer0.org2']);
  });

  it.each([
    ['is gone', (node: FakeNode) => node.stop(), undefined],
    ['cannot run the chaincode', () => undefined, () => ({ refuse: 'error in simulation' })],
    ['hangs', () => undefined, () => 'hang' as const],
  ])(
    'takes another peer of the organisation when one %s, and remembers',
    async (_, act, answer) => {
      const client = await network.open({
        timeouts: { endorseMs: answer?.() === 'hang' ? 1_000 : QUICK.endorseMs },
      });
      act(network.nodes.get('peer0.org1') as FakeNode);
      if (answer !== undefined) network.answers.set('peer0.org1', answer);
      expect(await client.submit(transfer)).toMatchObject({ outcome: 'ok' });
      expect(network.endorsers()).toContain('peer1.org1');
      expect(client.prepare(transfer).peers[0]).toBe('peer1.org1');
    },
  );

  it('fails, naming each peer, when an organisation cannot endorse', async () => {
    const client = await network.open();
    for (const peer of ['peer0.org2', 'peer1.org2']) network.nodes.get(peer)?.stop();
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'fail', stage: 'endorse' });
    expect(result.refused).toBeUndefined();
    expect(result.error).toMatch(/for Org2MSP: expected .* peer0.org2, peer1.org2/);
  });

  it('takes the peers that agree when one lags', async () => {
    const client = await network.open();
    network.answers.set('peer0.org2', () => ({ readWriteSet: 'stale' }));
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'ok' });
    expect(client.prepare(transfer).peers).toEqual(['peer0.org1', 'peer1.org2']);
    const told = result.responses.map(({ round, peer, result: hash }) => ({ round, peer, hash }));
    const stale = { peer: 'peer0.org2', hash: sha256('stale') };
    expect(told.slice(0, 2)).toContainEqual({ round: 1, ...stale });
    expect(told).toHaveLength(2 + 4);
    expect(told.slice(2)).toContainEqual({ round: 2, ...stale });
  });

  it('fails without ordering when organisations never agree', async () => {
    const client = await network.open({ timeouts: { endorseMs: 1_000 } });
    for (const peer of ['peer0.org2', 'peer1.org2']) {
      network.answers.set(peer, () => ({ readWriteSet: 'stale' }));
    }
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'fail', stage: 'endorse' });
    expect(result.error).toContain('peer1.org2 (block 0)');
    expect(network.handed).toEqual([]);
  });

  it('goes to the next orderer when one is gone, and remembers', async () => {
    const client = await network.open();
    network.nodes.get('orderer0')?.stop();
    expect(await client.submit(transfer)).toMatchObject({ outcome: 'ok', orderer: 'orderer1' });
    expect(await client.submit(transfer)).toMatchObject({ outcome: 'ok', orderer: 'orderer1' });
    expect(network.handed).toEqual(['orderer1', 'orderer1']);
  });

  it('gives a frozen orderer its own timeout only', async () => {
    const client = await network.open({ timeouts: { broadcastMs: 1_000 } });
    network.orderers.set('orderer0', () => 'hang');
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'ok', orderer: 'orderer1' });
    expect(network.handed).toEqual(['orderer0', 'orderer1']);
  });

  it('believes the chain when an orderer freezes after it has sent the envelope on', async () => {
    const client = await network.open();
    network.orderers.set('orderer0', (_envelope, _channel, id) => {
      network.commit(id);
      return 'hang';
    });
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'ok', orderer: 'orderer0', block: 1 });
    expect(result.acknowledgedAt).toBeUndefined();
  });

  it('gives it to all orderers at once where it must, and names those that took it', async () => {
    const client = await network.open({ atOnce: true, timeouts: { broadcastMs: 1_000 } });
    network.orderers.set('orderer0', () => 'hang');
    const alone = await client.submit(transfer);
    expect(alone).toMatchObject({ outcome: 'ok', orderer: 'orderer1' });
    expect(alone.acknowledgedBy).toBeUndefined();
    network.orderers.set('orderer0', () => ({ status: 'SUCCESS' }));
    const both = await client.submit(transfer);
    expect(both.outcome).toBe('ok');
    expect(both.acknowledgedBy?.toSorted()).toEqual(['orderer0', 'orderer1']);
    expect(network.handed.toSorted()).toEqual(['orderer0', 'orderer0', 'orderer1', 'orderer1']);
  });

  it('takes one orderer’s word for more than another’s refusal, sent to all', async () => {
    const client = await network.open({ atOnce: true });
    network.orderers.set('orderer0', () => ({ status: 'BAD_REQUEST', info: 'no' }));
    expect(await client.submit(transfer)).toMatchObject({ outcome: 'ok', orderer: 'orderer1' });
    network.orderers.set('orderer1', () => ({ status: 'BAD_REQUEST', info: 'no' }));
    expect(await client.submit(transfer)).toMatchObject({ outcome: 'fail', stage: 'broadcast' });
  });

  it('stays with the one orderer it is told to use', async () => {
    const client = await network.open();
    network.nodes.get('orderer1')?.stop();
    const result = await client.submit({ ...transfer, onlyOrderer: 'orderer1' });
    expect(result).toMatchObject({ outcome: 'fail', stage: 'broadcast', orderer: 'orderer1' });
    expect(network.handed).toEqual([]);
  });

  it('fails at once on a refusal for good', async () => {
    const client = await network.open();
    network.orderers.set('orderer0', () => ({ status: 'BAD_REQUEST', info: 'no' }));
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'fail', stage: 'broadcast', orderer: 'orderer0' });
    expect(result.error).toContain('BAD_REQUEST');
    expect(network.handed).toEqual(['orderer0']);
  });

  it('fails when every orderer says that it has not begun', async () => {
    const client = await network.open();
    const info = 'backing Kafka cluster has not completed booting; try again later';
    for (const name of ['orderer0', 'orderer1']) {
      network.orderers.set(name, () => ({ status: 'SERVICE_UNAVAILABLE', info }));
    }
    expect(await client.submit(transfer)).toMatchObject({ outcome: 'fail', stage: 'broadcast' });
    expect(network.handed).toEqual(['orderer0', 'orderer1']);
  });

  it('does not know when an orderer could not enqueue, though the other had not begun', async () => {
    const client = await network.open();
    const unavailable = (info: string) => () => ({ status: 'SERVICE_UNAVAILABLE', info }) as const;
    network.orderers.set('orderer0', unavailable('cannot enqueue'));
    network.orderers.set('orderer1', unavailable('has not completed booting'));
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'unknown', stage: 'broadcast' });
    expect(result.error).toContain('cannot enqueue');
  });

  it('does not know when no peer reports an acknowledged transaction in time', async () => {
    const client = await network.open({ timeouts: { commitMs: 2_100 }, clock: () => 7 });
    network.orderers.set('orderer0', () => ({ status: 'SUCCESS' }));
    const result = await client.submit(transfer);
    expect(result).toMatchObject({ outcome: 'unknown', stage: 'commit', acknowledgedAt: 7 });
    expect(result.error).toContain('budget 2100 ms');
  });

  it('sends again what was acknowledged and does not come, and tells each acknowledgement', async () => {
    let now = 7;
    const timeouts = { commitMs: 5_000, resubmitMs: 50 };
    const client = await network.open({ timeouts, clock: () => now });
    network.orderers.set('orderer0', (_envelope, _channel, id) => {
      if (network.handed.length === 3) network.commit(id);
      now += 1;
      return { status: 'SUCCESS' };
    });
    expect(await client.submit(transfer)).toMatchObject({
      outcome: 'ok',
      acknowledgedAt: 8,
      acknowledgedAgain: [
        { orderer: 'orderer0', at: 9 },
        { orderer: 'orderer0', at: 10 },
      ],
    });
    expect(network.handed).toEqual(['orderer0', 'orderer0', 'orderer0']);
  });

  it('fails with the code when the transaction is invalid', async () => {
    const client = await network.open();
    network.orderers.set('orderer0', (_envelope, _channel, id) => {
      network.commit(id, 'MVCC_READ_CONFLICT');
      return { status: 'SUCCESS' };
    });
    expect(await client.submit(transfer)).toMatchObject({
      outcome: 'fail',
      stage: 'commit',
      block: 1,
      code: 'MVCC_READ_CONFLICT',
    });
  });

  it('looks the transaction up when only its duplicate was reported', async () => {
    const client = await network.open();
    network.orderers.set('orderer0', (_envelope, _channel, id) => {
      network.committed.set(id, { code: 'VALID', block: 0 });
      network.commit(id, 'DUPLICATE_TXID');
      return { status: 'SUCCESS' };
    });
    expect(await client.submit(transfer)).toMatchObject({ outcome: 'ok', block: 0, code: 'VALID' });
  });
});

describe('evaluate', () => {
  it('asks exactly the peer named, with its heights around', async () => {
    const client = await network.open();
    const asked = { peer: 'peer1.org2', function: 'balance', args: ['a'] };
    expect(await client.evaluate(asked)).toMatchObject({
      outcome: 'ok',
      stage: 'evaluate',
      result: 'done',
      heightBefore: 1,
      heightAfter: 1,
    });
    expect(network.endorsers()).toEqual(['peer1.org2']);
  });

  it('fails rather than ask another peer', async () => {
    const client = await network.open();
    network.answers.set('peer0.org1', () => ({ refuse: 'unknown account', byChaincode: true }));
    const result = await client.evaluate({ peer: 'peer0.org1', function: 'balance', args: [] });
    expect(result).toMatchObject({
      ...{ outcome: 'fail', refused: true, heightBefore: 1, heightAfter: 1 },
    });
    expect(result.error).toContain('unknown account');
    expect(network.endorsers()).toEqual(['peer0.org1']);
  });

  it('rejects a peer that is not in the profile', async () => {
    const client = await network.open();
    const asked = client.evaluate({ peer: 'peer9', function: 'balance', args: [] });
    await expect(asked).rejects.toThrow(/expected one of peer0.org1/);
  });
});

describe('the ledger', () => {
  it('answers height and hashes, and finds transactions or says it has none', async () => {
    const client = await network.open();
    const prepared = client.prepare(transfer);
    await prepared.submit();
    expect((await client.chainInfo('peer0.org2')).height).toBe(2);
    const peer = network.profile().peers.find(({ name }) => name === 'peer0.org2');
    if (peer === undefined) throw new Error('no peer');
    const signer = createSigner(crypto.identity('Org1MSP'));
    const find = (id: string) => transactionById(network.connections, peer, signer, 'c', id, 5_000);
    expect(await find(prepared.transactionId)).toEqual({ code: 'VALID', block: 1 });
    expect(await find('none')).toBeNull();
  });
});

describe('many clients', () => {
  it('share event streams, one a peer, until the last one closes', async () => {
    const clients = await Promise.all(
      Array.from({ length: 30 }, (_, turn) => network.open({ turn })),
    );
    const results = await Promise.all(clients.map((client) => client.submit(transfer)));
    expect(new Set(results.map((result) => result.outcome))).toEqual(new Set(['ok']));
    expect(new Set(results.map((result) => result.orderer)).size).toBe(2);
    for (const [name, node] of network.nodes) {
      expect(node.seeks()).toBe(name.startsWith('peer') ? 1 : 0);
    }
    await Promise.all(clients.slice(1).map((client) => client.close()));
    expect(await clients[0]?.submit(transfer)).toMatchObject({ outcome: 'ok' });
  });
});

it('does not open when no peer streams, and names them', async () => {
  for (const node of network.nodes.values()) node.stop();
  const opened = openClient(
    {
      connections: network.connections,
      profile: network.profile(),
      identity: crypto.identity('Org1MSP'),
      channel: 'c',
      chaincode: 'bank',
    },
    50,
  );
  await expect(opened).rejects.toThrow(/peer0.org1, .*peer1.org2, got none \(budget 50 ms\)/);
});

it('keeps at which height each peer answered', async () => {
  const client = await network.open();
  const feed = acquireFeed({
    connections: network.connections,
    signer: createSigner(crypto.identity('Org1MSP')),
    channel: 'c',
    peers: [],
  });
  network.cleanUp.push(() => feed.release());
  const everywhere = feed.feed.watch('other').all;
  network.commit('other');
  await everywhere;
  network.answers.set('peer0.org2', () => ({ refuse: 'error in simulation' }));
  const { responses } = await client.submit(transfer);
  expect(responses.map(({ peer, status }) => [peer, status])).toEqual(
    expect.arrayContaining([
      ['peer0.org1', 200],
      ['peer0.org2', 500],
      ['peer1.org2', 200],
    ]),
  );
  for (const each of responses) expect(each).toMatchObject({ heightBefore: 2, heightAfter: 2 });
});
