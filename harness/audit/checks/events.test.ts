import type { BlockEvent } from '../recording.ts';
import { judge, rewrite } from '../testing/forge.ts';
import type { TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { eventsComplete } from './events.ts';

const PEER = 'peer1.org1';

/** A recording in which one peer's stream was changed. */
function changed(change: (events: BlockEvent[]) => void): TestRecording {
  const recording = busyRecording();
  change(recording.streams.get(PEER) ?? []);
  return recording;
}

const edit = (block: number, transactions: (list: BlockEvent['transactions']) => unknown) =>
  changed((events) => {
    const event = events[block] as BlockEvent;
    events[block] = {
      ...event,
      transactions: transactions(event.transactions) as BlockEvent['transactions'],
    };
  });

const only = (message: string, block: number) => ({
  verdict: 'invalid',
  counts: { violations: 1 },
  evidence: [{ block, sources: [PEER], message }],
});

describe('F16 event streams complete', () => {
  it('accepts streams that tell the chain', () => {
    expect(judge(eventsComplete, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { 'blocks announced': 68, 'transactions announced': 140, violations: 0 },
    });
  });

  it('rejects a gap, and goes on behind it', () => {
    const recording = changed((events) => events.splice(5, 1));
    expect(judge(eventsComplete, recording)).toMatchObject(
      only('peer1.org1 announced block 6 where 5 was next', 6),
    );
  });

  it('rejects a repetition', () => {
    const recording = changed((events) => {
      const event = events[5] as BlockEvent;
      events.splice(5, 0, event);
    });
    expect(judge(eventsComplete, recording)).toMatchObject(
      only('peer1.org1 announced block 5 where 6 was next', 5),
    );
  });

  it('rejects blocks in the wrong order', () => {
    const recording = changed((events) => {
      events.splice(5, 2, events[6] as BlockEvent, events[5] as BlockEvent);
    });
    expect(judge(eventsComplete, recording).evidence[0]).toMatchObject({
      message: 'peer1.org1 announced block 6 where 5 was next',
    });
  });

  it('rejects another code, another id, and a transaction too few', () => {
    expect(
      judge(
        eventsComplete,
        edit(9, ([a, b]) => [a, { ...b, code: 0 }]),
      ),
    ).toMatchObject(
      only('peer1.org1 announced VALID for transaction 1 of block 9, it is MVCC_READ_CONFLICT', 9),
    );
    expect(
      judge(
        eventsComplete,
        edit(9, ([a, b]) => [{ ...a, id: 'x' }, b]),
      ),
    ).toMatchObject({
      evidence: [
        {
          message: expect.stringMatching(
            /^peer1.org1 announced x as transaction 0 of block 9, it is [0-9a-f]{64}$/,
          ),
          transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
    });
    expect(
      judge(
        eventsComplete,
        edit(9, ([a]) => [a]),
      ),
    ).toMatchObject(only('peer1.org1 announced 1 transactions in block 9, it has 2', 9));
  });

  it('rejects a block that the chain does not have', () => {
    const recording = changed((events) => events.push({ block: 17, at: 1, transactions: [] }));
    expect(judge(eventsComplete, recording)).toMatchObject(
      only('peer1.org1 announced block 17, which the chain does not have', 17),
    );
  });

  it('rejects a stream that ends before the last transaction of a client', () => {
    const recording = changed((events) => events.splice(15));
    expect(judge(eventsComplete, recording)).toMatchObject(
      only(
        'peer1.org1 announced nothing from block 15 on, the last transaction of a client is in block 16',
        15,
      ),
    );
  });

  it('accepts one that ends behind it', () => {
    const ledger = opened();
    ledger.configure();
    const recording = ledger.recording();
    recording.streams.get(PEER)?.splice(3);
    expect(judge(eventsComplete, recording).verdict).toBe('valid');
    recording.streams.get(PEER)?.splice(2);
    expect(judge(eventsComplete, recording).verdict).toBe('invalid');
  });

  it('rejects an empty stream', () => {
    expect(
      judge(
        eventsComplete,
        changed((events) => events.splice(0)),
      ),
    ).toMatchObject(
      only(
        'peer1.org1 announced nothing from block 0 on, the last transaction of a client is in block 16',
        0,
      ),
    );
  });

  it('lets a stream begin with the scenario, and no later', () => {
    expect(
      judge(
        eventsComplete,
        changed((events) => events.splice(0, 2)),
      ).verdict,
    ).toBe('valid');
    expect(
      judge(
        eventsComplete,
        changed((events) => events.splice(0, 3)),
      ),
    ).toMatchObject(
      only('peer1.org1 announced nothing before block 3, the scenario began at 2', 3),
    );
  });

  it('is unknown when a stream is missing, damaged or all are absent', () => {
    const recording = busyRecording();
    recording.streams.delete('peer0.org2');
    expect(judge(eventsComplete, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'no events from peer0.org2',
    });
    const damaged = busyRecording();
    const events = damaged.streams.get(PEER) ?? [];
    damaged.events = () => [
      {
        peer: PEER,
        events: {
          *[Symbol.iterator]() {
            yield* events;
            throw new Error('line 18 is not JSON');
          },
        },
      },
    ];
    expect(judge(eventsComplete, damaged)).toMatchObject({
      verdict: 'unknown',
      reason: 'events of peer1.org1 cannot be read: line 18 is not JSON',
    });
    const none = busyRecording();
    none.scenario = {
      ...none.scenario,
      channels: { mychannel: { peers: [], orderers: [], startHeight: 0 } },
    };
    none.streams.clear();
    rewrite(none, () => null);
    expect(judge(eventsComplete, none)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 blocks announced, needs at least 1',
    });
  });
});
