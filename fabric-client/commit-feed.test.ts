import { CommitFeed } from './commit-feed.ts';
import { Connections } from './connections.ts';
import { createSigner } from './signer.ts';
import { createTestCrypto, FakeChain, type FakeNode, startFakeNode } from './testing/fake-node.ts';

const crypto = await createTestCrypto();
const signer = createSigner(crypto.identity('Org1MSP'));
let cleanUp: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

async function watch(count = 2) {
  const connections = new Connections();
  const chains = Array.from({ length: count }, () => new FakeChain());
  for (const chain of chains) chain.append();
  const nodes: FakeNode[] = [];
  for (const [i, chain] of chains.entries()) {
    const channels = new Map([['c', chain]]);
    nodes.push(await startFakeNode({ name: `peer${i}`, crypto, channels }));
  }
  const peers = nodes.map((node) => node.endpoint);
  const watcher = new CommitFeed({ connections, signer, channel: 'c', peers });
  cleanUp.push(() => {
    for (const node of nodes) node.stop();
  });
  cleanUp.push(() => connections.close());
  cleanUp.push(() => watcher.close());
  await watcher.ready(5_000);
  const at = (i: number) => ({ chain: chains[i] as FakeChain, node: nodes[i] as FakeNode });
  return { watcher, at };
}

it('tells the first report, and when all have reported', async () => {
  const { watcher, at } = await watch();
  const watched = watcher.watch('t');
  at(0).chain.append({ id: 'other', code: 'VALID' }, { id: 't', code: 'MVCC_READ_CONFLICT' });
  expect(await watched.first).toEqual({
    transactionId: 't',
    code: 'MVCC_READ_CONFLICT',
    block: 1,
    peer: 'peer0',
  });
  at(1).chain.append({ id: 't', code: 'MVCC_READ_CONFLICT' });
  expect((await watched.all).peer).toBe('peer1');
});

it('misses nothing while a stream is broken', async () => {
  const { watcher, at } = await watch(1);
  const watched = watcher.watch('t');
  at(0).node.breakStreams();
  at(0).chain.append({ id: 't', code: 'VALID' });
  at(0).chain.append();
  expect((await watched.first).block).toBe(1);
});

it('needs only one living peer', async () => {
  const { watcher, at } = await watch();
  at(0).node.stop();
  const watched = watcher.watch('t');
  at(1).chain.append({ id: 't', code: 'VALID' });
  expect((await watched.first).peer).toBe('peer1');
});

it('does not take a duplicate’s code for the transaction’s', async () => {
  const { watcher, at } = await watch(1);
  const watched = watcher.watch('t');
  at(0).chain.append({ id: 't', code: 'DUPLICATE_TXID' });
  expect((await watched.duplicate).block).toBe(1);
  at(0).chain.append({ id: 't', code: 'VALID' });
  expect((await watched.first).code).toBe('VALID');
});

it('knows which peers lag', async () => {
  const { watcher, at } = await watch();
  const all = watcher.watch('both');
  for (const i of [0, 1]) at(i).chain.append({ id: 'both', code: 'VALID' });
  await all.all;
  expect([...watcher.lagging(0)]).toEqual([]);
  const ahead = watcher.watch('one');
  at(0).chain.append({ id: 'one', code: 'VALID' });
  await ahead.first;
  expect([...watcher.lagging(0)]).toEqual(['peer1']);
  expect([...watcher.lagging(60_000)]).toEqual([]);
  expect(watcher.tipOf('peer0')).toBe(2);
});

it('says which peers it waited for when none streams', async () => {
  const connections = new Connections();
  const node = await startFakeNode({ name: 'peer0', crypto });
  node.stop();
  const watcher = new CommitFeed({
    connections,
    signer,
    channel: 'c',
    peers: [node.endpoint],
  });
  cleanUp.push(() => connections.close());
  cleanUp.push(() => watcher.close());
  await expect(watcher.ready(50)).rejects.toThrow(
    'commit events of c: expected a block from one of peer0, got none (budget 50 ms)',
  );
});
