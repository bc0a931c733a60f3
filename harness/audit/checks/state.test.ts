import { judge } from '../testing/forge.ts';
import { PEERS, type TestRecording } from '../testing/ledger-builder.ts';
import { definitionState } from '../testing/paper-channel.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { replayedState, sameState } from './state.ts';

/** Changes one document in one peer's database, by hand. */
function edit(recording: TestRecording, peer: string, key: string, change: object | null): void {
  const entries = recording.states.get(peer) ?? [];
  const index = entries.findIndex((entry) => entry.key === key);
  const entry = entries[index];
  if (!entry) throw new Error(`${peer} has no ${key}`);
  if (change === null) entries.splice(index, 1);
  else entries[index] = { ...entry, ...change };
}

const DEFINITION = 'namespaces/fields/bank/Sequence';

/** A network that defines a chaincode, and what a peer then holds in `_lifecycle`. */
function defined(): TestRecording {
  const ledger = opened();
  ledger.submit('transfer', ['a1', 'a2', '3'], {
    tamper: (simulation) => {
      simulation.definitions = new Map([[DEFINITION, '1']]);
    },
  });
  ledger.cut();
  const recording = ledger.recording();
  recording.scenario = { ...recording.scenario, namespaces: ['bank', '_lifecycle'] };
  const version = `${ledger.height - 1}:0`;
  for (const peer of PEERS) {
    for (const [key, bytes] of definitionState('bank')) {
      const changed = key === DEFINITION;
      recording.states.get(peer)?.push({
        namespace: '_lifecycle',
        key,
        value: changed ? 'MQ==' : Buffer.from(bytes, 'latin1').toString('base64'),
        version: changed ? version : '0:1',
      });
    }
  }
  return recording;
}

const RICH = '{"balance":1000000,"docType":"account","id":"bob","owner":"bob"}';
const BOB = '{"balance":50,"docType":"account","id":"bob","owner":"bob"}';

describe('F9 same state in every database', () => {
  it('accepts equal databases in any order', () => {
    const recording = busyRecording();
    recording.states.get('peer1.org1')?.reverse();
    expect(judge(sameState, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'keys compared': 42, violations: 0 },
    });
  });

  it('rejects a document that was edited in one database', () => {
    const recording = busyRecording();
    edit(recording, 'peer1.org1', 'account:bob', { value: RICH });
    expect(judge(sameState, recording)).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          key: 'account:bob',
          sources: ['peer0.org1', 'peer1.org1'],
          message: `key account:bob is ${BOB} (version 2:1) on peer0.org1 and ${RICH} (version 2:1) on peer1.org1`,
        },
      ],
    });
  });

  it('rejects another version, a key too many and one too few', () => {
    const recording = busyRecording();
    edit(recording, 'peer0.org2', 'account:bob', { version: '2:0' });
    edit(recording, 'peer1.org1', 'x', null);
    recording.states.get('peer1.org2')?.push({ key: 'new', value: 'MQ==', version: '9:9' });
    expect(judge(sameState, recording).evidence).toMatchObject([
      {
        message: `key account:bob is ${BOB} (version 2:1) on peer0.org1 and ${BOB} (version 2:0) on peer0.org2`,
      },
      { message: 'key x is OTA= (version 12:0) on peer0.org1 and no such key on peer1.org1' },
      { message: 'key new is no such key on peer0.org1 and MQ== (version 9:9) on peer1.org2' },
    ]);
  });

  it('accepts equal definitions of chaincodes, and rejects one that was edited', () => {
    const recording = defined();
    expect(judge(sameState, recording).verdict).toBe('valid');
    edit(recording, 'peer1.org1', DEFINITION, { value: 'Mg==' });
    expect(judge(sameState, recording).evidence).toMatchObject([
      {
        key: DEFINITION,
        message: `key ${DEFINITION} of _lifecycle is MQ== (version 3:0) on peer0.org1 and Mg== (version 3:0) on peer1.org1`,
      },
    ]);
  });

  it('does not take a key of one namespace for the same key of another', () => {
    const recording = defined();
    edit(recording, 'peer1.org1', DEFINITION, { namespace: undefined });
    expect(judge(sameState, recording)).toMatchObject({
      verdict: 'invalid',
      counts: { violations: 2 },
    });
  });

  it('shortens long values', () => {
    const recording = busyRecording();
    edit(recording, 'peer1.org2', 'x', { value: 'A'.repeat(81) });
    const [evidence] = judge(sameState, recording).evidence;
    expect(evidence?.message).toContain(`and ${'A'.repeat(80)}… (version 12:0) on peer1.org2`);
    edit(recording, 'peer1.org2', 'x', { value: 'A'.repeat(80) });
    expect(judge(sameState, recording).evidence[0]?.message).toContain('AAA (version');
  });

  it('is unknown when a peer gave no state, or none has any', () => {
    const recording = busyRecording();
    recording.states.delete('peer0.org2');
    recording.states.delete('peer1.org2');
    expect(judge(sameState, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'no state from peer0.org2, peer1.org2',
    });
    for (const peer of PEERS) recording.states.set(peer, []);
    expect(judge(sameState, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 keys compared, needs at least 1',
    });
    recording.states.clear();
    expect(judge(sameState, recording).verdict).toBe('unknown');
  });
});

describe('F10 state is the replay of the chain', () => {
  it('accepts what replaying gives, documents and text alike', () => {
    expect(judge(replayedState, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { 'keys compared': 56, violations: 0 },
    });
  });

  it('accepts the definitions of chaincodes that the chain gives, and rejects others', () => {
    expect(judge(replayedState, defined()).verdict).toBe('valid');
    const edited = defined();
    edit(edited, 'peer1.org1', DEFINITION, { value: 'Mg==' });
    const missing = defined();
    edit(missing, 'peer0.org2', DEFINITION, null);
    expect(
      [edited, missing].map((recording) => judge(replayedState, recording).evidence),
    ).toMatchObject([
      [
        {
          message: `key ${DEFINITION} of _lifecycle should be MQ== (version 3:0), peer1.org1 has Mg== (version 3:0)`,
        },
      ],
      [
        {
          message: `key ${DEFINITION} of _lifecycle should be MQ== (version 3:0), peer0.org2 has no such key`,
        },
      ],
    ]);
  });

  it('asks for a namespace only if its databases were read', () => {
    const recording = defined();
    recording.scenario = { ...recording.scenario, namespaces: ['bank'] };
    for (const peer of PEERS) edit(recording, peer, DEFINITION, null);
    expect(judge(replayedState, recording).verdict).toBe('valid');
  });

  it('rejects what all databases agree on but the chain does not say', () => {
    const recording = busyRecording();
    for (const peer of PEERS) edit(recording, peer, 'account:bob', { value: RICH });
    expect(judge(sameState, recording).verdict).toBe('valid');
    const result = judge(replayedState, recording);
    expect(result).toMatchObject({ verdict: 'invalid', counts: { violations: 4 } });
    expect(result.evidence[0]).toEqual({
      key: 'account:bob',
      block: 2,
      sources: ['peer0.org1'],
      message: `key account:bob should be ${BOB} (version 2:1), peer0.org1 has ${RICH} (version 2:1)`,
    });
  });

  it('rejects a wrong version, a missing, an unwritten and a repeated key', () => {
    const recording = opened().recording();
    edit(recording, 'peer0.org1', 'x', { version: '1:2' });
    edit(recording, 'peer0.org2', 'y', null);
    recording.states.get('peer1.org1')?.push({ key: 'z', value: 'MQ==', version: '1:1' });
    recording.states.get('peer1.org2')?.push({ key: 'x', value: 'MTAw', version: '2:2' });
    expect(judge(replayedState, recording).evidence).toEqual([
      {
        key: 'x',
        block: 2,
        sources: ['peer0.org1'],
        message: 'key x should be MTAw (version 2:2), peer0.org1 has MTAw (version 1:2)',
      },
      {
        key: 'y',
        block: 2,
        sources: ['peer0.org2'],
        message: 'key y should be MjAw (version 2:2), peer0.org2 has no such key',
      },
      {
        key: 'z',
        sources: ['peer1.org1'],
        message: 'key z should be no such key, peer1.org1 has MQ== (version 1:1)',
      },
      {
        key: 'x',
        sources: ['peer1.org2'],
        message: 'key x should be there once, peer1.org2 has it twice',
      },
    ]);
  });

  it('rejects a key that the chain deleted', () => {
    const recording = busyRecording();
    recording.states.get('peer0.org1')?.push({ key: 'y', value: 'MjEw', version: '12:0' });
    expect(judge(replayedState, recording).evidence).toMatchObject([{ key: 'y' }]);
  });

  it('is unknown when a peer gave no state', () => {
    const recording = busyRecording();
    recording.states.delete('peer0.org2');
    expect(judge(replayedState, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'no state from peer0.org2',
    });
    for (const peer of PEERS) recording.states.set(peer, []);
    const empty = busyRecording();
    empty.chain.clear();
    for (const peer of PEERS) empty.states.set(peer, []);
    expect(judge(replayedState, empty).reason).toBe('saw 0 keys compared, needs at least 1');
  });
});
