import { Connections } from '../../../fabric-client/connections.ts';
import {
  createTestCrypto,
  type FakeAnswer,
  type FakeNode,
  startFakeNode,
} from '../../../fabric-client/testing/fake-node.ts';
import type { Endpoints } from '../../fabric/endpoints.ts';
import { awaitAnswers } from './first-calls.ts';

const crypto = await createTestCrypto();
const connections = new Connections();
const nodes: FakeNode[] = [];

afterAll(() => {
  connections.close();
  for (const node of nodes) node.stop();
});

/** Organisations of one peer each, which answers so in turn, and in the end as it did last. */
async function peersThat(...answers: readonly (readonly FakeAnswer[])[]) {
  const organisations = await Promise.all(
    answers.map(async (own, index) => {
      const left = [...own];
      const node = await startFakeNode({
        name: `peer${index}`,
        crypto,
        channels: new Map(),
        propose: () => (left.length > 1 ? left.shift() : left[0]) as FakeAnswer,
      });
      nodes.push(node);
      return { admin: crypto.identity('Org1MSP'), peers: [node.endpoint], node };
    }),
  );
  return organisations;
}

const asked = (organisations: Awaited<ReturnType<typeof peersThat>>, budgetMs?: number) =>
  awaitAnswers(
    connections,
    { organisations } as unknown as Pick<Endpoints, 'organisations'>,
    'c',
    'asset',
    budgetMs,
  );

const ANSWER = { payload: Buffer.from('{}') };
const LAUNCHING = {
  refuse: 'error in simulation: could not launch chaincode asset_1.0: context deadline exceeded',
};

describe('awaitAnswers', () => {
  it('asks every peer, and again while its server starts', async () => {
    const organisations = await peersThat([LAUNCHING, LAUNCHING, ANSWER], [ANSWER]);
    await asked(organisations);
    expect(organisations.map(({ node }) => node.proposals().length)).toEqual([3, 1]);
  });

  it('takes a refusal of the chaincode for an answer, and that it must be initialised first', async () => {
    const organisations = await peersThat(
      [{ refuse: 'transaction returned with failure: no such function' }],
      [
        {
          refuse:
            'chaincode asset has not been initialized for this version, must call as init first',
        },
      ],
    );
    await asked(organisations);
    expect(organisations.map(({ node }) => node.proposals().length)).toEqual([1, 1]);
  });

  it('takes it for connected when it was sent the call and says nothing', async () => {
    const organisations = await peersThat([
      LAUNCHING,
      {
        refuse:
          'error in simulation: failed to execute transaction 1f: error sending: timeout expired while executing transaction',
      },
    ]);
    await asked(organisations);
    expect(organisations.map(({ node }) => node.proposals().length)).toEqual([2]);
  });

  it('says which server does not answer, in the words of its peer', async () => {
    const organisations = await peersThat([LAUNCHING]);
    await expect(asked(organisations, 1_500)).rejects.toThrow(
      /chaincode asset of peer0 on c: expected an answer, .*could not launch chaincode/,
    );
  });
});
