import { Connections } from './connections.ts';
import { fetchBlock, fetchConfigBlock, newestBlock, StatusError } from './fetch.ts';
import { blockNumber } from './seek.ts';
import { createSigner } from './signer.ts';
import { type BlockStreamOptions, streamBlocks } from './stream.ts';
import {
  block,
  createTestCrypto,
  FakeChain,
  type FakeNode,
  type FakeNodeOptions,
  startFakeNode,
} from './testing/fake-node.ts';

const crypto = await createTestCrypto();
const identity = crypto.identity('Org1MSP');
const signer = createSigner(identity);
const connections = new Connections();
const nodes: FakeNode[] = [];
let chain: FakeChain;

beforeEach(() => {
  chain = new FakeChain();
});

afterAll(() => {
  connections.close();
  for (const node of nodes) node.stop();
});

async function start(options: Partial<FakeNodeOptions> = {}): Promise<FakeNode> {
  const channels = new Map([['c', chain]]);
  const node = await startFakeNode({ name: 'node', crypto, channels, ...options });
  nodes.push(node);
  return node;
}

function open(node: FakeNode, options: Partial<BlockStreamOptions> = {}) {
  return streamBlocks({
    connections,
    endpoint: node.endpoint,
    identity,
    channel: 'c',
    kind: 'orderer',
    to: 'follow',
    ...options,
  });
}

async function numbers(blocks: AsyncIterable<Uint8Array>): Promise<number[]> {
  const seen: number[] = [];
  for await (const bytes of blocks) seen.push(blockNumber(bytes));
  return seen;
}

describe('streamBlocks', () => {
  it('hands out a range, each block once, and ends', async () => {
    for (let i = 0; i < 5; i++) chain.append();
    const node = await start();
    expect(await numbers(open(node, { from: 1, to: 3 }))).toEqual([1, 2, 3]);
    expect(await numbers(open(node, { kind: 'peer', to: 4 }))).toEqual([0, 1, 2, 3, 4]);
  });

  it('goes on after the last block when the stream breaks', async () => {
    chain.append();
    chain.append();
    const node = await start();
    const reasons: string[] = [];
    const blocks = open(node, {
      to: 3,
      onReconnect: (error, next) => reasons.push(`${next}: ${(error as Error).message}`),
    });
    const seen: number[] = [];
    for await (const bytes of blocks) {
      seen.push(blockNumber(bytes));
      if (seen.length === 2) {
        node.breakStreams();
        chain.append();
        chain.append();
      }
    }
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(node.seeks()).toBeGreaterThan(1);
    expect(reasons[0]).toContain('2: Deliver on node');
  });

  it('waits for a channel that is not there yet', async () => {
    let asked = 0;
    chain.append();
    const node = await start({ seek: () => (asked++ < 2 ? 'NOT_FOUND' : undefined) });
    expect(await numbers(open(node, { to: 0 }))).toEqual([0]);
    expect(asked).toBe(3);
  });

  it('drops a silent stream once the node is seen to have more', async () => {
    chain.append();
    const silent = new FakeChain();
    const channels = new Map([['c', silent]]);
    const node = await start({ channels });
    // The stream is open on an empty chain; then the channel is served from another one.
    setImmediate(() => channels.set('c', chain));
    expect(await numbers(open(node, { to: 0, idleMs: 20 }))).toEqual([0]);
  });

  it('ends without an error when aborted', async () => {
    chain.append();
    const node = await start();
    const abort = new AbortController();
    const seen: number[] = [];
    for await (const bytes of open(node, { signal: abort.signal })) {
      seen.push(blockNumber(bytes));
      setImmediate(() => abort.abort());
    }
    expect(seen).toEqual([0]);
  });

  it('ends when it was aborted while it connected, though nothing ever comes', async () => {
    chain.append();
    const node = await start();
    const abort = new AbortController();
    const seen = numbers(open(node, { from: 1, signal: abort.signal }));
    abort.abort();
    expect(await seen).toEqual([]);
  });

  it('reports a block out of order instead of hiding it', async () => {
    chain.append();
    chain.push(2, block(2, 0));
    const node = await start();
    await expect(numbers(open(node))).rejects.toThrow(
      /expected block 1, got block 2 \(connection lost 0 times before; asked for block 1 alone: block 2\)/,
    );
  });

  it('gives up at once when refused, naming the status', async () => {
    const node = await start({ seek: () => 'FORBIDDEN' });
    await expect(numbers(open(node))).rejects.toThrow(/status FORBIDDEN/);
    expect(node.seeks()).toBe(1);
  });

  it('gives up when the node stays away longer than the budget', async () => {
    const node = await start();
    node.stop();
    await expect(numbers(open(node, { reconnectBudgetMs: 100 }))).rejects.toThrow(
      /block 0.*budget 100 ms/,
    );
  });
});

describe('single blocks', () => {
  it('finds an orderer’s height', async () => {
    for (let i = 0; i < 3; i++) chain.append();
    const node = await start();
    const tip = { kind: 'orderer', channel: 'c' } as const;
    expect(await newestBlock(connections, node.endpoint, signer, tip)).toBe(2);
  });

  it('finds the newest config block through the newest block', async () => {
    for (let number = 0; number < 4; number++) chain.push(number, block(number, 2));
    const node = await start();
    const tip = { kind: 'orderer', channel: 'c' } as const;
    const found = await fetchConfigBlock(connections, [node.endpoint], signer, tip);
    expect(blockNumber(found)).toBe(2);
  });

  it('says which block of which node is missing', async () => {
    chain.append();
    const node = await start();
    const wanted = { kind: 'orderer', channel: 'c', start: 9 } as const;
    const fetched = fetchBlock(connections, node.endpoint, signer, wanted, 1_000);
    await expect(fetched).rejects.toThrow(StatusError);
    await expect(fetched).rejects.toThrow(
      'channel c on node: expected block 9, got status NOT_FOUND',
    );
  });

  it('gives a silent node no more than its budget', async () => {
    const node = await start({ channels: new Map([['c', new FakeChain()]]) });
    await connections.ready(node.endpoint, 5_000);
    const wanted = { kind: 'orderer', channel: 'c', start: 0, whenMissing: 'wait' } as const;
    const fetched = fetchBlock(connections, node.endpoint, signer, wanted, 50);
    await expect(fetched).rejects.toThrow(/no answer \(budget 50 ms\)/);
  });
});
