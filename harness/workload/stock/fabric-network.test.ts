import { jest } from '@jest/globals';
import { protos } from '../../../fabric-client/protos.ts';
import {
  createTestCrypto,
  FakeChain,
  startFakeNode,
} from '../../../fabric-client/testing/fake-node.ts';
import { fabricNetworkClients } from './fabric-network.ts';

jest.setTimeout(60_000); // Loading the library takes seconds on a machine at work on other things.

/** The least that fabric-common takes for a simulation's result. */
const RESULT = protos.ProposalResponsePayload.encode({
  extension: protos.ChaincodeAction.encode({ response: { status: 200 } }).finish(),
}).finish();

it('sends through the library as it is, and tells the id before', async () => {
  const crypto = await createTestCrypto();
  const chain = new FakeChain();
  chain.append();
  const log: string[] = [];
  let answer: 'yes' | 'no' = 'yes';
  const nodes = await Promise.all(
    ['peer0.org1', 'orderer0'].map((name) =>
      startFakeNode({
        name,
        crypto,
        channels: new Map([['c', chain]]),
        propose: ({ transactionId, args }) => {
          log.push(`endorse ${transactionId} ${args}`);
          return answer === 'yes'
            ? { readWriteSet: RESULT }
            : { refuse: 'insufficient funds', byChaincode: true };
        },
        broadcast: (_envelope, channel, id) => {
          log.push(`order ${channel} ${id}`);
          return { status: 'BAD_REQUEST' };
        },
      }),
    ),
  );
  const [peer, orderer] = nodes.map(({ endpoint }) => endpoint);
  if (!peer || !orderer) throw new Error('no nodes');
  const profile = { peers: [peer], orderers: [orderer] };
  const options = { profile, channel: 'c', chaincode: 'bank', now: () => 1 };
  const stock = fabricNetworkClients(options);
  try {
    const client = await stock.client('org1-0', crypto.identity('Org1MSP'), 0);
    const submit = () =>
      client.submit({
        ...{ function: 'transfer', args: ['a', 'b', '1'], signal: new AbortController().signal },
        prepared: ({ transactionId }) => log.push(`prepared ${transactionId}`),
        acknowledged: () => undefined,
      });
    expect(await submit()).toMatchObject({ outcome: 'fail', stage: 'broadcast' });
    const id = log[0]?.split(' ')[1];
    expect(log).toEqual([`prepared ${id}`, `endorse ${id} transfer,a,b,1`, `order c ${id}`]);
    answer = 'no';
    expect(await submit()).toMatchObject({ outcome: 'fail', stage: 'endorse', refused: true });
    expect(log).toHaveLength(5);
  } finally {
    await stock[Symbol.asyncDispose]();
    for (const node of nodes) node.stop();
  }
});
