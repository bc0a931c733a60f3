import { status } from '@grpc/grpc-js';
import { type ChaincodeEvent, chaincodeEvents } from './chaincode-events.ts';
import { type FakeGateway, startFakeGateway, tell } from './testing/fake-gateway.ts';
import { createTestCrypto } from './testing/fake-node.ts';
import type { Endpoint } from './types.ts';

const crypto = await createTestCrypto();
const started: FakeGateway[] = [];
afterEach(() => {
  for (const fake of started.splice(0)) fake.stop();
});

async function gateway(serve: Parameters<typeof startFakeGateway>[1]): Promise<FakeGateway> {
  const fake = await startFakeGateway(crypto, serve);
  started.push(fake);
  return fake;
}

/** Listens until so many events have come. */
async function hear(
  endpoint: Endpoint,
  count: number,
  renewMs = 60_000,
): Promise<ChaincodeEvent[]> {
  const controller = new AbortController();
  const heard: ChaincodeEvent[] = [];
  const identity = crypto.identity('Org1MSP');
  const { signal } = controller;
  const options = { endpoint, identity, channel: 'c', chaincode: 'bank', signal, renewMs };
  for await (const event of chaincodeEvents(options)) {
    heard.push(event);
    if (heard.length === count) controller.abort();
  }
  return heard;
}

describe('chaincode events', () => {
  it('come from the first block on, with their payload, in the order in which the peer tells them', async () => {
    const { endpoint, turns } = await gateway((_, call) => {
      tell(call, 3, 'a', 'b');
      tell(call, 5, 'c');
    });
    const heard = await hear(endpoint, 3);
    expect(
      heard.map((e) => [e.block, e.transactionId, e.name, Buffer.from(e.payload).toString()]),
    ).toEqual([
      [3, 'a', 'transfer', 'of a'],
      [3, 'b', 'transfer', 'of b'],
      [5, 'c', 'transfer', 'of c'],
    ]);
    expect(turns).toEqual([{ channel: 'c', chaincode: 'bank', from: 0, after: '' }]);
  });

  it('go on behind the last one that was heard when the stream breaks', async () => {
    const { endpoint, turns } = await gateway((_, call, turn) => {
      if (turn > 1) tell(call, 4, 'c');
      else {
        tell(call, 3, 'a', 'b');
        call.emit('error', { code: status.UNAVAILABLE, details: 'broken by the test' });
      }
    });
    expect((await hear(endpoint, 3)).map((e) => e.transactionId)).toEqual(['a', 'b', 'c']);
    expect(turns[1]).toEqual({ channel: 'c', chaincode: 'bank', from: 3, after: 'b' });
  });

  it('go on with a new listener when the old one hears nothing', async () => {
    const { endpoint, turns } = await gateway((asked, call, turn) => {
      if (turn === 1) tell(call, 3, 'a');
      else if (asked.after === 'a') tell(call, 4, 'b');
    });
    expect((await hear(endpoint, 2, 300)).map((e) => e.transactionId)).toEqual(['a', 'b']);
    expect(turns.length).toBeGreaterThan(1);
  });

  it('hide no repetition', async () => {
    const { endpoint } = await gateway((_, call) => tell(call, 3, 'a', 'a'));
    expect(await hear(endpoint, 2)).toHaveLength(2);
  });

  it('end without an error when nobody answers', async () => {
    const controller = new AbortController();
    const { endpoint, stop } = await gateway(() => {});
    stop();
    const { signal } = controller;
    const identity = crypto.identity('Org1MSP');
    const options = { endpoint, identity, channel: 'c', chaincode: 'bank', signal };
    const events = chaincodeEvents(options)[Symbol.asyncIterator]();
    const next = events.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
