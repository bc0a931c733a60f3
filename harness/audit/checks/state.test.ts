import { judge } from '../testing/forge.ts';
import { PEERS, type TestRecording } from '../testing/ledger-builder.ts';
import { definitionState, outOf, ROLES } from '../testing/paper-channel.ts';
import { busyRecording, opened, transfers } from '../testing/scene.ts';
import { privateData } from './private-data.ts';
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
      counts: { 'keys compared': 63, violations: 0 },
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
      counts: { 'keys compared': 84, violations: 0 },
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
    for (const [peer, entries] of recording.states) {
      recording.states.set(
        peer,
        entries.filter(({ namespace }) => namespace === undefined),
      );
    }
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

describe('F9 and F10 of all databases', () => {
  const OWN = outOf(1, ['Org1MSP', ROLES.PEER]);

  /** A key with a policy of its own, a new definition and private data. */
  function everything(): TestRecording {
    const ledger = opened();
    ledger.submit('transfer', ['a1', 'a2', '1'], {
      tamper: (simulation) => {
        simulation.parameters = new Map([['account:a1', OWN]]);
        simulation.definitions = definitionState('bank', {
          collections: [{ name: 'secret', members: ['Org1MSP'] }],
        });
      },
    });
    ledger.cut();
    ledger.submit('transfer', ['a3', 'a4', '1'], {
      tamper: (simulation) => {
        simulation.secrets = new Map([['secret', new Map([['k', 'v']])]]);
      },
    });
    ledger.cut();
    ledger.configure();
    return ledger.recordingOfAll({ secret: ['Org1MSP'] });
  }
  const verdicts = (recording: TestRecording) =>
    [sameState, replayedState, privateData].map((check) => judge(check, recording).verdict);

  it('accepts what the chain gives', () => {
    expect(verdicts(everything())).toEqual(['valid', 'valid', 'valid']);
    expect(judge(privateData, everything()).counts).toMatchObject({
      'private keys': 2,
      'hashes of private data': 1,
    });
  });

  it.each<[string, string, object | null, string]>([
    ['a key’s endorsement policy', 'account:a1', { metadata: 'AAAA' }, 'metadata AAAA'],
    ['the policy of a key that has none', 'account:a2', { metadata: 'AAAA' }, 'metadata AAAA'],
    ['the channel’s configuration', 'CHANNEL_CONFIG_ENV_BYTES', { value: 'AA==' }, 'AA=='],
    ['a definition', DEFINITION, { value: 'AA==' }, 'AA=='],
    ['the savepoint', 'statedb_savepoint', { value: '{"BlockNum":1,"TxNum":0}' }, '"BlockNum":1'],
  ])('rejects an edit of %s', (_, key, change, shown) => {
    const recording = everything();
    edit(recording, 'peer1.org2', key, change);
    for (const check of [sameState, replayedState]) {
      const result = judge(check, recording);
      expect(result.verdict).toBe('invalid');
      expect(result.evidence[0]?.message).toContain(shown);
    }
  });

  it('rejects the same edit in all databases, and another hash of private data', () => {
    const recording = everything();
    for (const peer of PEERS) edit(recording, peer, 'account:a1', { metadata: undefined });
    expect(verdicts(recording)).toEqual(['valid', 'invalid', 'valid']);
    const hashes = everything();
    for (const entries of hashes.states.values()) {
      const index = entries.findIndex(({ namespace }) => namespace === 'bank$$hsecret');
      entries[index] = { ...(entries[index] as (typeof entries)[number]), value: 'AA==' };
    }
    expect(verdicts(hashes)).toEqual(['valid', 'invalid', 'valid']);
  });

  const secret = (recording: TestRecording, peer: string) => {
    const entries = recording.states.get(peer) ?? [];
    const index = entries.findIndex(({ namespace }) => namespace === 'bank$$psecret');
    return { entries, index };
  };

  it.each<[string, object | null, string]>([
    ['is missing', null, 'peer1.org1 is a member and does not hold it'],
    ['has another version', { version: '3:0' }, 'peer1.org1 has version 3:0, the chain has 4:0'],
    ['has another value', { value: 'eA==' }, 'what peer1.org1 holds does not have the hash'],
    ['has another key', { key: 'x' }, 'peer1.org1 holds it, the chain has no hash of it'],
  ])('rejects private data of which one member’s %s', (_, change, message) => {
    const recording = everything();
    const { entries, index } = secret(recording, 'peer1.org1');
    if (change === null) entries.splice(index, 1);
    else entries[index] = { ...(entries[index] as (typeof entries)[number]), ...change };
    const result = judge(privateData, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence[0]?.message).toContain(message);
    expect(result.evidence[0]?.message).toMatch(/^the private key with hash [0-9a-f]{16}… of/);
  });

  it('rejects private data with somebody who is no member', () => {
    const recording = everything();
    const { entries, index } = secret(recording, 'peer0.org1');
    recording.states.get('peer0.org2')?.push(entries[index] as (typeof entries)[number]);
    expect(judge(privateData, recording).evidence[0]?.message).toContain(
      'peer0.org2 holds it and is no member',
    );
  });

  it('knows that private data live as many blocks as their collection says', () => {
    const living = (blocks: number) => {
      const ledger = opened();
      ledger.submit('transfer', ['a1', 'a2', '1'], {
        tamper: (simulation) => {
          simulation.definitions = definitionState('bank', {
            collections: [{ name: 'secret', members: ['Org1MSP'], blockToLive: 2 }],
          });
        },
      });
      ledger.cut();
      ledger.submit('transfer', ['a3', 'a4', '1'], {
        tamper: (simulation) => {
          simulation.secrets = new Map([['secret', new Map([['k', 'v']])]]);
        },
      });
      ledger.cut();
      transfers(ledger, blocks);
      return verdicts(ledger.recordingOfAll({ secret: ['Org1MSP'] }));
    };
    expect(living(2)).toEqual(['valid', 'valid', 'valid']);
    expect(living(3)).toEqual(['valid', 'invalid', 'invalid']);
  });

  it('names the key whose number the database has rounded, and notices an edit of its last digit', () => {
    const written = '{"at":1732800000123456789}';
    const stored = (value: string) => {
      const ledger = opened();
      ledger.submit('transfer', ['a1', 'a2', '1'], {
        tamper: ({ writes }) => writes.set('time', written),
      });
      ledger.cut();
      const recording = ledger.recordingOfAll();
      for (const peer of PEERS) edit(recording, peer, 'time', { value });
      return recording;
    };
    expect(verdicts(stored(written)).slice(0, 2)).toEqual(['valid', 'valid']);
    const rounded = stored('{"at":1732800000123456800}');
    expect(judge(replayedState, rounded)).toMatchObject({
      verdict: 'invalid',
      counts: { 'values rounded': 4 },
      evidence: [
        {
          key: 'time',
          message: `key time should be ${written} (version 3:0), peer0.org1 has {"at":1732800000123456800} (version 3:0): the state database rounds numbers beyond 2^53`,
        },
        {},
        {},
        {},
      ],
    });
    const edited = stored(written);
    edit(edited, 'peer1.org2', 'time', { value: '{"at":1732800000123456788}' });
    expect(verdicts(edited).slice(0, 2)).toEqual(['invalid', 'invalid']);
  });

  it('does not apply where only some databases were read', () => {
    expect(judge(privateData, opened().recording())).toMatchObject({
      applicable: false,
      reason: 'private data were not recorded',
    });
  });
});
