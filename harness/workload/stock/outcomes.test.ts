import { outcomeOf as gatewayOutcome } from './fabric-gateway.ts';
import { outcomeOf as networkOutcome } from './fabric-network.ts';

const failed = (message: string, extra: object = {}) => Object.assign(new Error(message), extra);
const endorsement = (status: number, message: string, payload = '') => ({
  connection: { name: 'peer0.org1' },
  response: { status, message },
  payload: Buffer.from(payload),
});

describe('a user of fabric-network', () => {
  const none = 'No valid responses from any peers. Errors:\n    peer=peer0.org1, status=500';
  const outcome = (message: string, extra?: object) =>
    networkOutcome(failed(message, extra), 'bank');

  it('knows a chaincode’s refusal, which failed for certain', () => {
    const responses = [endorsement(500, 'insufficient funds', 'simulated')];
    expect(outcome(none, { responses })).toMatchObject({
      ...{ outcome: 'fail', stage: 'endorse', refused: true },
      responses: [{ peer: 'peer0.org1', round: 1, status: 500, message: 'insufficient funds' }],
    });
  });

  it('knows that nothing was sent when no peer could endorse', () => {
    const errors = [failed('REQUEST TIMEOUT', { connection: { name: 'peer1.org1' } })];
    const result = outcome(none, { responses: [], errors });
    expect(result).toMatchObject({ outcome: 'fail', stage: 'endorse' });
    expect(result.refused).toBeUndefined();
    expect(result.responses).toEqual([
      { peer: 'peer1.org1', round: 1, message: 'REQUEST TIMEOUT' },
    ]);
  });

  const responses = [endorsement(200, '', 'rwset')];
  it.each([
    [
      'Failed to commit transaction %x, orderer response status: BAD_REQUEST',
      {},
      'fail',
      'broadcast',
    ],
    [
      'Failed to commit transaction %x, orderer response status: SERVICE_UNAVAILABLE',
      {},
      'unknown',
      'broadcast',
    ],
    ['REQUEST TIMEOUT', {}, 'unknown', 'broadcast'],
    [
      'Event strategy not satisfied within the timeout period',
      { name: 'TimeoutError' },
      'unknown',
      'commit',
    ],
    [
      'Commit of transaction x failed',
      { name: 'TransactionError', transactionCode: 'MVCC_READ_CONFLICT' },
      'fail',
      'commit',
    ],
    [
      'Commit of transaction x failed on peer p with status DUPLICATE_TXID',
      { name: 'TransactionError', transactionCode: 'DUPLICATE_TXID' },
      'unknown',
      'commit',
    ],
  ])('is told "%s"', (message, extra, expected, stage) => {
    const result = outcome(message, { responses, ...extra });
    expect(result).toMatchObject({ outcome: expected, stage });
    expect(result.code).toBe('transactionCode' in extra ? extra.transactionCode : undefined);
  });
});

describe('a user of fabric-gateway', () => {
  const details = (message: string) => ({
    details: [{ address: 'peer0.org2:7051', mspId: 'Org2MSP', message }],
  });
  const outcome = (stage: 'endorse' | 'broadcast' | 'commit', extra: object) =>
    gatewayOutcome(failed('10 ABORTED: failed to endorse', extra), stage, 'bank');

  it('knows a chaincode’s refusal, which failed for certain', () => {
    const said = details('chaincode response 500, insufficient funds');
    const result = outcome('endorse', said);
    expect(result).toMatchObject({ outcome: 'fail', stage: 'endorse', refused: true });
    expect(result.error).toContain('peer0.org2:7051: chaincode response 500');
  });

  it('knows that nothing was sent when no peer could endorse', () => {
    const result = outcome('endorse', details('rpc error: code = Unavailable'));
    expect(result).toMatchObject({ outcome: 'fail', stage: 'endorse' });
    expect(result.refused).toBeUndefined();
  });

  it('knows nothing once it was sent', () => {
    for (const stage of ['broadcast', 'commit'] as const) {
      expect(outcome(stage, {})).toMatchObject({ outcome: 'unknown', stage });
    }
  });
});
