import { status } from '@grpc/grpc-js';
import { broadcast } from './broadcast.ts';
import { Connections } from './connections.ts';
import { RpcError } from './errors.ts';
import { query } from './proposing.ts';
import { RefusedError } from './refusals.ts';
import { createSigner } from './signer.ts';
import { createTestCrypto, type FakeNode, startFakeNode } from './testing/fake-node.ts';

const crypto = await createTestCrypto();
const signer = createSigner(crypto.identity('Org1MSP'));
const request = { channel: 'c', chaincode: 'bank', args: ['balance'] };
const connections = new Connections();
const nodes: FakeNode[] = [];

async function start(options: Partial<Parameters<typeof startFakeNode>[0]>, port?: number) {
  const node = await startFakeNode({ name: 'peer0', crypto, ...options }, port);
  nodes.push(node);
  return node;
}

afterAll(() => {
  connections.close();
  for (const node of nodes) node.stop();
});

async function failure(promise: Promise<unknown>): Promise<RpcError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

describe('a node that is not there', () => {
  it('fails at once, as not sent, and is reached as soon as it is back', async () => {
    const node = await start({ propose: () => ({ payload: Buffer.from('1') }) });
    node.stop();
    const error = await failure(query(connections, node.endpoint, signer, request, 10_000));
    expect(error.sent).toBe(false);
    expect(error.message).toContain('peer0 at 127.0.0.1');

    const port = Number(node.endpoint.address.split(':')[1]);
    await start({ propose: () => ({ payload: Buffer.from('2') }) }, port);
    const answer = await query(connections, node.endpoint, signer, request, 10_000);
    expect(Buffer.from(answer).toString()).toBe('2');
  });

  it('is not trusted under another name', async () => {
    const { endpoint } = await start({ propose: () => ({}) });
    const wrong = { ...endpoint, tlsServerName: 'other.test' };
    const error = await failure(query(new Connections(), wrong, signer, request, 2_000));
    expect(error.sent).toBe(false);
  });
});

it('an answer larger than asked for is refused, not a fault of the node', async () => {
  const { endpoint } = await start({ propose: () => ({ payload: Buffer.alloc(10_000) }) });
  const bounded = { ...endpoint, grpcOptions: { 'grpc.max_receive_message_length': 5_000 } };
  using own = new Connections();
  const answer = query(own, bounded, signer, request, 10_000);
  await expect(answer).rejects.toBeInstanceOf(RefusedError);
  await expect(answer).rejects.toMatchObject({ refusal: { reason: 'too-large' }, repeats: true });
});

describe('a node that does not answer', () => {
  it('costs the caller its deadline, and the request counts as sent', async () => {
    const node = await start({ propose: () => 'hang' });
    await connections.ready(node.endpoint, 5_000);
    const error = await failure(query(connections, node.endpoint, signer, request, 50));
    expect(error.sent).toBe(true);
    expect(error.status).toBe(status.DEADLINE_EXCEEDED);
    expect(error.message).toContain('budget 50 ms');
  });

  it('costs a broadcast its own deadline', async () => {
    const node = await start({ name: 'orderer0', broadcast: () => 'hang' });
    await connections.ready(node.endpoint, 5_000);
    const envelope = Buffer.alloc(0);
    const error = await failure(broadcast(connections, node.endpoint, envelope, 50));
    expect(error.sent).toBe(true);
    expect(error.message).toContain('Broadcast on orderer0');
  });
});

it('tells a refusal from a missing answer, and the chaincode’s from the peer’s', async () => {
  const node = await start({
    propose: ({ args }) => ({ refuse: 'no', byChaincode: args[0]?.toString() === 'chaincode' }),
  });
  for (const by of ['chaincode', 'peer']) {
    const asked = query(connections, node.endpoint, signer, { ...request, args: [by] }, 5_000);
    const error = await asked.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect((error as RefusedError).byChaincode).toBe(by === 'chaincode');
  }
});

it('takes a state database’s failure, passed on by chaincode, for the peer’s fault', async () => {
  const node = await start({
    propose: () => ({ refuse: 'GET_STATE failed: transaction ID: x', byChaincode: true }),
  });
  const error = await query(connections, node.endpoint, signer, request, 5_000).catch(
    (reason: unknown) => reason,
  );
  expect((error as RefusedError).byChaincode).toBe(false);
});

it('returns an orderer’s status by name, with its text', async () => {
  const node = await start({
    broadcast: () => ({ status: 'SERVICE_UNAVAILABLE', info: 'cannot enqueue' }),
  });
  expect(await broadcast(connections, node.endpoint, Buffer.alloc(0), 5_000)).toEqual({
    status: 'SERVICE_UNAVAILABLE',
    info: 'cannot enqueue',
  });
});

it('connects no more once closed', async () => {
  const node = await start({ propose: () => ({}) });
  const closed = new Connections();
  closed.close();
  const error = await failure(query(closed, node.endpoint, signer, request, 1_000));
  expect(error.message).toContain('connections were closed');
});
