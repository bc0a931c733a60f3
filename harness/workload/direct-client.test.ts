import type { EvaluateResult, FabricClient, SubmitResult } from '../../fabric-client/client.ts';
import type { SubmitRequest } from './client.ts';
import { directClient } from './direct-client.ts';

function setUp(result: Partial<SubmitResult> | Partial<EvaluateResult>) {
  const log: unknown[] = [];
  const fabric = {
    ...{ mspId: 'Org1MSP', channel: 'mychannel' },
    prepare: (request: unknown) => {
      log.push(request);
      return {
        ...{ transactionId: 'tx1', peers: ['peer0.org1'] },
        submit: async () => {
          log.push('sent');
          return { at: 9, stage: 'commit', ...result };
        },
      };
    },
    evaluate: async (request: unknown) => {
      log.push(request);
      return { at: 9, stage: 'evaluate', ...result };
    },
  } as unknown as FabricClient;
  const client = directClient(fabric, 'org1-3', 'bank');
  const request: SubmitRequest = {
    ...{ function: 'transfer', args: ['x', 'y', '1'], signal: new AbortController().signal },
    prepared: (transaction) => log.push(transaction),
    acknowledged: () => log.push('acknowledged'),
  };
  return { client, log, request };
}

describe('the project’s client as a client of the workload', () => {
  it('takes name and place from it', () => {
    const { client } = setUp({});
    expect(client).toMatchObject({
      ...{ name: 'org1-3', msp: 'Org1MSP', channel: 'mychannel', chaincode: 'bank' },
    });
  });

  it('tells the transaction id before it sends, and what is known at the end', async () => {
    const known = { outcome: 'ok', code: 'VALID', block: 7, acknowledgedAt: 5 } as const;
    const { client, log, request } = setUp({ ...known, result: '{"large":"…"}' });
    expect(await client.submit({ ...request, orderer: 'orderer1' })).toEqual({
      ...known,
      stage: 'commit',
    });
    expect(log).toEqual([
      { function: 'transfer', args: ['x', 'y', '1'], onlyOrderer: 'orderer1' },
      { transactionId: 'tx1', peers: ['peer0.org1'] },
      'sent',
    ]);
  });

  it('sends nothing when the operation was given up meanwhile', async () => {
    const { client, log, request } = setUp({ outcome: 'ok' });
    const prepared = () => {
      throw new Error('given up');
    };
    await expect(client.submit({ ...request, prepared })).rejects.toThrow('given up');
    expect(log).toEqual([{ function: 'transfer', args: ['x', 'y', '1'] }]);
  });

  it('hands on that a chaincode refused, and every peer’s answer', async () => {
    const responses = [{ peer: 'peer0.org1', round: 1, status: 500, message: 'no' }];
    const known = { outcome: 'fail', stage: 'endorse', refused: true, responses } as const;
    const { client, request } = setUp(known);
    expect(await client.submit(request)).toEqual(known);
  });

  it('hands reads on', async () => {
    const known = { outcome: 'ok', result: '5', heightBefore: 3, heightAfter: 3 } as const;
    const { client, log, request } = setUp(known);
    const { signal } = request;
    expect(
      await client.evaluate({ peer: 'peer1.org2', function: 'read', args: ['x'], signal }),
    ).toEqual({ ...known, stage: 'evaluate' });
    expect(log).toEqual([{ peer: 'peer1.org2', function: 'read', args: ['x'] }]);
  });
});
