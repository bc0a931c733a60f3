import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { broadcast } from './broadcast.ts';
import { Connections } from './connections.ts';
import { createProposal } from './proposal.ts';
import { propose } from './proposing.ts';
import { createSigner } from './signer.ts';
import { createTestCrypto, type FakeNodeOptions, startFakeNode } from './testing/fake-node.ts';
import type { Endpoint } from './types.ts';

const crypto = await createTestCrypto();
const cleanUp: (() => unknown)[] = [];

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step();
});

const proposal = createProposal(
  { channel: 'c', chaincode: 'bank', args: ['f'] },
  createSigner(crypto.identity('Org1MSP')),
);
const envelope = Buffer.alloc(0);

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** A node behind a wire that counts connections. */
async function wired(options: Partial<FakeNodeOptions>) {
  const node = await startFakeNode({ name: 'node0', crypto, ...options });
  const port = Number(node.endpoint.address.split(':')[1]);
  const sockets: Socket[] = [];
  const wire = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
    sockets.push(near, far);
  });
  const address = `127.0.0.1:${await listen(wire)}`;
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    wire.close();
    node.stop();
  });
  const endpoint = { ...node.endpoint, address };
  return { endpoint, connections: () => sockets.length / 2, node };
}

/** A connection of its own to one node, as a peer and as an orderer. */
function peer(endpoint: Endpoint) {
  const connections = new Connections();
  cleanUp.push(() => connections.close());
  return {
    propose: (timeoutMs: number) => propose(connections, endpoint, proposal, timeoutMs),
    broadcast: (bytes: Uint8Array, timeoutMs: number, signal?: AbortSignal) =>
      broadcast(connections, endpoint, bytes, timeoutMs, signal),
    close: () => connections.close(),
  };
}
const orderer = peer;

it('opens one connection for all who ask at once', async () => {
  const { endpoint, connections } = await wired({ propose: () => ({}) });
  const node = peer(endpoint);
  await Promise.all([1, 2, 3].map(() => node.propose(5_000)));
  expect(connections()).toBe(1);
});

it('knows that a refused connection sent nothing, without waiting for another attempt', async () => {
  const { endpoint, node: server } = await wired({});
  server.stop();
  const refused = { ...endpoint, address: server.endpoint.address };
  await expect(peer(refused).propose(60_000)).rejects.toMatchObject({
    sent: false,
    message: expect.stringMatching(
      /^node0 at .*: expected a TLS connection, got connection refused or TLS handshake failed \(budget/,
    ),
  });
});

it('waits for a connection that does not open only as long as it may', async () => {
  const silent = createServer((socket) => cleanUp.push(() => socket.destroy()));
  const address = `127.0.0.1:${await listen(silent)}`;
  cleanUp.push(() => silent.close());
  const { endpoint } = await wired({});
  await expect(orderer({ ...endpoint, address }).broadcast(envelope, 100)).rejects.toMatchObject({
    sent: false,
  });
});

it('opens a new connection after a call that ran into its deadline, for a black hole may be in the old one', async () => {
  let hang = true;
  const { endpoint, connections } = await wired({ propose: () => (hang ? 'hang' : {}) });
  const node = peer(endpoint);
  await expect(node.propose(1_000)).rejects.toMatchObject({
    sent: true,
    message: expect.stringMatching(/ProcessProposal on node0 .* got no answer \(budget 1000 ms\)/),
  });
  hang = false;
  await node.propose(5_000);
  expect(connections()).toBe(2);
});

it('keeps the connection after a broadcast that its caller abandoned', async () => {
  const { endpoint, connections } = await wired({ broadcast: () => 'hang' });
  const node = orderer(endpoint);
  const stop = new AbortController();
  const asked = node.broadcast(envelope, 60_000, stop.signal);
  setImmediate(() => stop.abort());
  await expect(asked).rejects.toThrow();
  const again = new AbortController();
  const second = node.broadcast(envelope, 60_000, again.signal);
  setImmediate(() => again.abort());
  await expect(second).rejects.toThrow();
  expect(connections()).toBe(1);
});

it('ends calls when it is closed, and takes no more', async () => {
  const { endpoint } = await wired({ broadcast: () => 'hang' });
  const node = orderer(endpoint);
  const asked = node.broadcast(envelope, 60_000);
  setImmediate(() => node.close());
  await expect(asked).rejects.toThrow();
  await expect(node.broadcast(envelope, 5_000)).rejects.toMatchObject({
    sent: false,
    message: expect.stringContaining('connections were closed'),
  });
});
