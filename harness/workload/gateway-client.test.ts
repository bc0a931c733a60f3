import { RefusedError } from '../fabric/client/endorser.ts';
import { describe as describeError, FabricError } from '../fabric/client/errors.ts';
import type { FabricClient } from '../fabric/gateway/gateway.ts';
import type { EvaluateResult, SubmitResult } from '../fabric/gateway/outcome.ts';
import type { SubmitRequest } from './client.ts';
import { gatewayClient } from './gateway-client.ts';

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
  const client = gatewayClient(fabric, 'org1-3', 'bank');
  const request: SubmitRequest = {
    ...{ function: 'transfer', args: ['x', 'y', '1'], signal: new AbortController().signal },
    prepared: (transaction) => log.push(transaction),
    acknowledged: () => log.push('acknowledged'),
  };
  return { client, log, request };
}

const peer = {
  ...{ name: 'peer0.org1', address: '10.0.0.1:7051', tlsServerName: 'peer0.org1.example.com' },
  tlsCaPem: '',
};

describe('a gateway as a client of the workload', () => {
  it('takes name and place from the gateway', () => {
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

  it("knows a chaincode's refusal from a peer that could not endorse", async () => {
    const refusal = new RefusedError(peer, 'bank.transfer', 500, 'insufficient funds', true);
    const none = new FabricError({
      ...{ subject: 'bank.transfer for Org1MSP', seen: describeError(refusal) },
      expected: 'an endorsement from one of peer0.org1, peer1.org1',
    });
    const refusedOf = async (error: Error) => {
      const { client, request } = setUp({
        ...{ outcome: 'fail', stage: 'endorse', error: describeError(error) },
      });
      return (await client.submit(request)).refused;
    };
    expect(await refusedOf(refusal)).toBe(true);
    expect(await refusedOf(none)).toBeUndefined();
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
