import { VALID } from '../../fabric/ledger/codes.ts';
import type { Simulation } from '../testing/encoding.ts';
import { judge, operationOf, rewrite } from '../testing/forge.ts';
import type { LedgerBuilder } from '../testing/ledger-builder.ts';
import { definitionState } from '../testing/paper-channel.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { askedIsCommitted } from './asked.ts';

const TARGET_CHAIN_NOT_FOUND = 14;
const EXPIRED_CHAINCODE = 17;

/** A transfer, with the client's record of it changed. */
function asked(change: object, told: object = {}, tamper?: (simulation: Simulation) => void) {
  const ledger = opened();
  const { id, operation } = ledger.submit('transfer', ['a1', 'a2', '3'], {
    ...(tamper && { tamper }),
  });
  ledger.cut();
  const recording = ledger.recording();
  rewrite(recording, (record) => {
    if (record.type === 'invoke' && record.operation === operation) return { ...record, ...change };
    if (record.type === 'complete' && record.operation === operation) return { ...record, ...told };
    return record;
  });
  return { id, operation, result: judge(askedIsCommitted, recording) };
}

describe('F28 committed is what was asked', () => {
  it('accepts a sound run', () => {
    expect(judge(askedIsCommitted, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { 'transactions of clients': 32, violations: 0 },
    });
  });

  it.each<[object, string, string]>([
    [{ args: ['a1', 'a2', '4'] }, 'transfer a1 a2 4', 'transfer a1 a2 3'],
    [{ args: ['a1', 'a2'] }, 'transfer a1 a2', 'transfer a1 a2 3'],
    [{ args: ['a1', 'a2', '3', ''] }, 'transfer a1 a2 3 ', 'transfer a1 a2 3'],
    [{ function: 'move' }, 'move a1 a2 3', 'transfer a1 a2 3'],
    [{ chaincode: 'other' }, 'chaincode other', 'chaincode bank'],
    [{ msp: 'Org2MSP' }, 'it as a member of Org2MSP', 'it by a member of Org1MSP'],
  ])('rejects %j', (change, expected, found) => {
    const { id, operation, result } = asked(change);
    expect(result.evidence).toEqual([
      {
        block: 3,
        transactionId: id,
        operation,
        message: `client asked for ${expected}, block 3 has ${found}`,
      },
    ]);
  });

  it('compares the result that the client was told with the one that was endorsed', () => {
    const paid = (simulation: Simulation): void => {
      simulation.payload = 'paid';
    };
    expect(asked({}, { result: 'paid' }, paid).result).toMatchObject({
      verdict: 'valid',
      counts: { results: 1 },
    });
    expect(asked({}, { result: 'not paid' }, paid).result.evidence[0]?.message).toBe(
      'client asked for and was told not paid, block 3 has paid as the result',
    );
    expect(asked({}, { result: 'x', outcome: 'unknown' }, paid).result.verdict).toBe('valid');
  });

  it('compares no result of what was refused, nor of what never came back', () => {
    const ledger = opened();
    const stale = ledger.endorse('transfer', ['a1', 'a2', '3']);
    ledger.submit('transfer', ['a1', 'a3', '3']);
    ledger.cut();
    ledger.order(stale, { outcome: 'ok', result: 'paid' });
    const { operation } = ledger.submit('transfer', ['a5', 'a6', '3']);
    ledger.cut();
    const recording = ledger.recording();
    rewrite(recording, (record) =>
      record.type === 'complete' && record.operation === operation ? null : record,
    );
    expect(judge(askedIsCommitted, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'transactions of clients': 6, violations: 0 },
    });
    expect(judge(askedIsCommitted, recording).counts).not.toHaveProperty('results');
  });

  const upgrade = (ledger: LedgerBuilder, version: string): void => {
    ledger.submit('transfer', ['a3', 'a4', '1'], {
      tamper: (simulation) => {
        simulation.definitions = definitionState('bank', { version });
      },
    });
    ledger.cut();
  };

  it('rejects a version that the channel never defined, and accepts one that was', () => {
    const ledger = opened();
    upgrade(ledger, '2.0');
    ledger.submit('transfer', ['a1', 'a2', '3']);
    ledger.submit('transfer', ['a5', 'a6', '3'], { written: { version: '2.0' } });
    ledger.cut();
    expect(judge(askedIsCommitted, ledger.recording()).verdict).toBe('valid');
    const undefinedYet = opened(false);
    undefinedYet.submit('transfer', ['a1', 'a2', '3']);
    undefinedYet.cut();
    expect(judge(askedIsCommitted, undefinedYet.recording()).evidence.at(-1)?.message).toBe(
      'client asked for bank as the channel defined it, block 3 has version 1.0 of bank',
    );
  });

  it('rejects as VALID what tells no version, nor anything else', () => {
    const ledger = opened();
    ledger.forcedCodes.set('3:0', VALID);
    ledger.submit('transfer', ['a1', 'a2', '3'], { written: { bent: { data: Buffer.alloc(0) } } });
    ledger.cut();
    expect(judge(askedIsCommitted, ledger.recording()).evidence.at(-1)?.message).toBe(
      'client asked for  as the channel defined it, block 3 has version undefined of ',
    );
  });

  it('leaves the version of what was refused to others', () => {
    const ledger = opened();
    ledger.forcedCodes.set('3:0', EXPIRED_CHAINCODE);
    ledger.submit('transfer', ['a1', 'a2', '3'], { written: { version: '0.9' } });
    ledger.cut();
    expect(judge(askedIsCommitted, ledger.recording()).verdict).toBe('valid');
  });

  it('rejects what was made for another channel, whoever submitted it, if it is VALID', () => {
    const foreign = (code: number) => {
      const ledger = opened();
      ledger.forcedCodes.set('3:0', code);
      ledger.submit('transfer', ['a1', 'a2', '3'], { silent: true, written: { channel: 'other' } });
      ledger.cut();
      return judge(askedIsCommitted, ledger.recording());
    };
    expect(foreign(TARGET_CHAIN_NOT_FOUND).verdict).toBe('valid');
    expect(foreign(VALID).evidence).toEqual([
      {
        block: 3,
        transactionId: expect.any(String),
        message: 'transaction 0 of block 3 is VALID and was made for channel other',
      },
    ]);
  });

  it('leaves to others what no client asked for, and is unknown when none asked for anything', () => {
    const ledger = opened();
    ledger.submit('transfer', ['a1', 'a2', '3'], { silent: true });
    ledger.cut();
    const recording = ledger.recording();
    expect(judge(askedIsCommitted, recording).verdict).toBe('valid');
    expect(operationOf(recording, 'open bob bob 50')).toBeGreaterThan(0);
    recording.history = [];
    expect(judge(askedIsCommitted, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 transactions of clients, needs at least 1',
    });
  });
});
