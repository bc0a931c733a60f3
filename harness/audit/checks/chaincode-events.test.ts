import type { ChaincodeEventTold } from '../recording.ts';
import { judge } from '../testing/forge.ts';
import type { TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording, opened, transfers } from '../testing/scene.ts';
import { chaincodeEventsComplete } from './chaincode-events.ts';

const PEER = 'peer1.org1';

/** Two blocks of three transfers, with one stream of one peer changed. */
function changed(
  change: (events: ChaincodeEventTold[]) => void,
  stream: 'heard' | 'replayed' = 'heard',
): TestRecording {
  const ledger = opened();
  transfers(ledger, 2);
  const recording = ledger.recording();
  change(recording[stream].get(PEER) ?? []);
  return recording;
}

const judged = (recording: TestRecording) => judge(chaincodeEventsComplete, recording);

const evidence = (recording: TestRecording) => {
  const { verdict, evidence: found } = judged(recording);
  expect(verdict).toBe('invalid');
  return found.map(({ block, message, sources }) => {
    expect(sources).toEqual([PEER]);
    return `${block}: ${message.replaceAll(/[0-9a-f]{12}/g, '…')}`;
  });
};

const event = (events: readonly ChaincodeEventTold[], index: number) =>
  events[index] as ChaincodeEventTold;

describe('F34 events of the chaincode', () => {
  it('accepts listeners that heard the event of each VALID transaction, and none of the others', () => {
    expect(judged(busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { 'events set': 22, 'events heard': 176, violations: 0 },
    });
  });

  it.each(['heard', 'replayed'] as const)('rejects an event that is missing, as %s', (stream) => {
    const said = stream === 'heard' ? 'told its listener' : 'told again';
    const recording = changed((events) => events.splice(4, 1), stream);
    expect(evidence(recording)).toEqual([
      `4: peer1.org1 ${said} transfer ({"from":"a5","to":"a0","amount":3}) of bank in transaction … as event 1 of block 4, it is transfer ({"from":"a4","to":"a9","amount":2}) of bank in transaction …`,
    ]);
  });

  it('rejects the last event missing, and a stream that ends a block early', () => {
    expect(evidence(changed((events) => events.splice(5, 1)))).toEqual([
      '4: peer1.org1 told its listener nothing as event 2 of block 4, it is transfer ({"from":"a5","to":"a0","amount":3}) of bank in transaction …',
    ]);
    expect(evidence(changed((events) => events.splice(3, 3)))).toHaveLength(1);
  });

  it('rejects an event that is told twice, or in another order', () => {
    expect(evidence(changed((events) => events.splice(2, 0, event(events, 2))))).toEqual([
      '3: peer1.org1 told its listener transfer ({"from":"a2","to":"a7","amount":3}) of bank in transaction … as event 3 of block 3, there is none',
    ]);
    const swapped = changed((events) => {
      events.splice(0, 2, event(events, 1), event(events, 0));
    });
    expect(evidence(swapped)).toHaveLength(1);
  });

  it.each([
    ['payload', Buffer.from('{"from":"a0","to":"a5","amount":2}').toString('base64')],
    ['name', 'transferred'],
    ['chaincode', 'bunk'],
    ['transactionId', 'f'.repeat(64)],
  ])('rejects another %s', (part, value) => {
    const recording = changed((events) => {
      events[0] = { ...event(events, 0), [part]: value };
    });
    expect(evidence(recording)).toHaveLength(1);
  });

  it('rejects the event of a transaction that was refused', () => {
    const recording = busyRecording();
    const events = recording.heard.get(PEER) ?? [];
    // Block 9 has two spends of the same money, of which the second is in conflict.
    const index = events.findIndex(({ block }) => block === 9);
    events.splice(index + 1, 0, { ...event(events, index), transactionId: 'e'.repeat(64) });
    expect(evidence(recording)).toEqual([
      expect.stringMatching(/as event 1 of block 9, there is none$/),
    ]);
  });

  it('rejects an event in another block, or in one that the chain does not have', () => {
    const late = changed((events) => {
      events[2] = { ...event(events, 2), block: 4 };
    });
    expect(evidence(late).length).toBeGreaterThan(0);
    const early = changed((events) => {
      events[2] = { ...event(events, 2), block: 2 };
    });
    expect(evidence(early)).toHaveLength(1);
    const beyond = changed((events) => events.push({ ...event(events, 5), block: 99 }));
    expect(evidence(beyond)).toEqual([
      '99: peer1.org1 told its listener transfer ({"from":"a5","to":"a0","amount":3}) of bank in transaction … of block 99, which the chain does not have',
    ]);
  });

  it('does not know where a peer was not listened to, and misses what cannot be read', () => {
    const silent = changed(() => {});
    silent.heard.delete(PEER);
    expect(judged(silent)).toMatchObject({
      verdict: 'unknown',
      reason: 'no chaincode events from peer1.org1',
    });
    const damaged = changed(() => {});
    const [first, ...others] = damaged.chaincodeEvents('mychannel');
    damaged.chaincodeEvents = () => [
      {
        ...(first as (typeof others)[number]),
        replayed: {
          [Symbol.iterator]: () => ({
            next: () => {
              throw new Error('line 3 is cut');
            },
          }),
        },
      },
      ...others,
    ];
    expect(judged(damaged).evidence[0]).toMatchObject({ sources: ['peer0.org1'], block: 3 });
  });

  it.each([
    ['payload', 'transfer () of bank in transaction …'],
    [
      'transactionId',
      'transfer ({"from":"a0","to":"a5","amount":1}) of bank in transaction without an id',
    ],
    ['name', 'undefined ({"from":"a0","to":"a5","amount":1}) of bank in transaction …'],
  ])('rejects an event without its %s', (part, words) => {
    const recording = changed((events) => {
      events[0] = { ...event(events, 0), [part]: undefined };
    });
    expect(evidence(recording)[0]).toContain(`told its listener ${words} as event 0 of block 3`);
  });

  it('does not know where events were set and nobody listened', () => {
    const silent = changed(() => {});
    silent.heard.clear();
    expect(judged(silent)).toMatchObject({
      verdict: 'unknown',
      reason: 'no chaincode events from peer0.org1, peer0.org2, peer1.org1, peer1.org2',
      counts: { 'events set': 6 },
    });
    expect(judged(silent).applicable).toBeUndefined();
  });

  it("passes over the events of other chaincodes, and listens for the channel's own", () => {
    const ledger = opened();
    transfers(ledger, 1);
    ledger.submit('transfer', ['a0', 'a1', '1'], {
      tamper: (simulation) => {
        simulation.event = { name: 'told', payload: 'x', chaincode: 'vault' };
      },
    });
    ledger.cut();
    const recording = ledger.recording();
    expect(judged(recording)).toMatchObject({ verdict: 'valid', counts: { 'events set': 3 } });
    const facts = recording.scenario.channels['mychannel'];
    if (!facts) throw new Error('no facts');
    recording.scenario = {
      ...recording.scenario,
      channels: { mychannel: { ...facts, chaincode: 'vault' } },
    };
    expect(judged(recording)).toMatchObject({ verdict: 'invalid', counts: { 'events set': 1 } });
  });

  it('rejects an event where none was set', () => {
    const recording = opened().recording();
    const made = changed(() => {}).heard.get(PEER) ?? [];
    recording.heard.set(PEER, [{ ...event(made, 0), block: 2 }]);
    expect(evidence(recording)).toHaveLength(1);
  });

  it('shows of a long payload its beginning', () => {
    const shown = (length: number): string => {
      const ledger = opened();
      ledger.submit('transfer', ['a0', 'a1', '1'], {
        tamper: (simulation) => {
          simulation.event = { name: 'long', payload: 'x'.repeat(length) };
        },
      });
      ledger.cut();
      const recording = ledger.recording();
      expect(judged(recording).verdict).toBe('valid');
      recording.replayed.get(PEER)?.splice(0);
      return evidence(recording).join();
    };
    const text = 'x'.repeat(60);
    const told = (payload: string) =>
      `3: peer1.org1 told again nothing as event 0 of block 3, it is long (${payload}) of bank in transaction …`;
    expect(shown(60)).toBe(told(text));
    expect(shown(61)).toBe(told(`${text}…`));
  });

  it('has nothing to say where no event was set', () => {
    expect(judged(opened().recording())).toMatchObject({
      applicable: false,
      reason: 'no VALID transaction of the chaincode set an event',
      counts: { 'events set': 0, violations: 0 },
    });
  });
});
