import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createProposal } from '../client/proposal.ts';
import { protos } from '../client/protos.ts';
import { loadSdk } from '../client/sdk.ts';
import { createSigner } from '../client/signer.ts';
import {
  createTestCrypto,
  type FakeNodeOptions,
  startFakeNode,
} from '../client/testing/fake-node.ts';
import { OrdererNode, PeerNode } from './node.ts';

const crypto = await createTestCrypto();
const { Client } = loadSdk().common;
const cleanUp: (() => unknown)[] = [];

afterEach(() => {
  for (const step of cleanUp.splice(0).reverse()) step();
});

/** A proposal as fabric-common hands it to an endorser. */
const proposal = protos.SignedProposal.decode(
  createProposal(
    { channel: 'c', chaincode: 'bank', args: ['f'] },
    createSigner(crypto.identity('Org1MSP')),
  ).bytes,
) as unknown as Buffer;
const envelope = { payload: Buffer.from([]), signature: Buffer.from([]) } as unknown as Buffer;

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

const client = new Client('test');

function peer(endpoint: ConstructorParameters<typeof PeerNode>[0]): PeerNode {
  const node = new PeerNode(endpoint, client, 'Org1MSP');
  cleanUp.push(() => node.close());
  return node;
}

function orderer(endpoint: ConstructorParameters<typeof OrdererNode>[0]): OrdererNode {
  const node = new OrdererNode(endpoint, client);
  cleanUp.push(() => node.close());
  return node;
}

it('opens one connection for all who ask at once', async () => {
  const { endpoint, connections } = await wired({ propose: () => ({}) });
  const node = peer(endpoint);
  await Promise.all([1, 2, 3].map(() => node.propose(proposal, 'bank.f', 5_000)));
  expect(connections()).toBe(1);
});

it('knows that a refused connection sent nothing, without waiting for another attempt', async () => {
  const { endpoint, node: server } = await wired({});
  server.stop();
  const refused = { ...endpoint, address: server.endpoint.address };
  await expect(peer(refused).propose(proposal, 'bank.f', 60_000)).rejects.toMatchObject({
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
  await expect(node.propose(proposal, 'bank.f', 1_000)).rejects.toMatchObject({
    sent: true,
    message: expect.stringMatching(/ProcessProposal on node0 .* got no answer \(budget 1000 ms\)/),
  });
  hang = false;
  await node.propose(proposal, 'bank.f', 5_000);
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
