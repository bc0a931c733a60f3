import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge, verdictOf } from './judge.ts';
import type { TestRecording } from './testing/ledger-builder.ts';
import { save } from './testing/save.ts';
import { busyRecording } from './testing/scene.ts';

/** A recording of a ledger that others run: no history, no logs, no environment. */
function ledger(facts: object = {}): TestRecording {
  const recording = busyRecording();
  const { mychannel } = recording.scenario.channels;
  if (!mychannel) throw new Error('no facts');
  recording.scenario = {
    schema: 2,
    name: 'channel mychannel',
    kind: 'ledger',
    readAt: Date.UTC(2026, 10, 28),
    chaincode: 'bank',
    workload: 'other',
    channels: { mychannel: { ...mychannel, startHeight: 17, databases: [], ...facts } },
    patience: 60_000,
    namespaces: 'all',
    floors: { operations: 0, conflicts: 0, reads: 0 },
  };
  recording.history.length = 0;
  for (const at of [1, 2]) {
    for (const source of recording.chain.keys()) {
      recording.history.push({ type: 'height', source, channel: 'mychannel', height: 17, at });
    }
  }
  return Object.assign(recording, { environment: null, ordering: null, logs: [] });
}
function judged(recording: TestRecording) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ledger-'));
  try {
    save(folder, recording);
    return judge(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const without = (recording: TestRecording, source: string, keep: (position: number) => boolean) => {
  const chain = recording.chain.get(source) ?? [];
  recording.chain.set(
    source,
    chain.filter((_, position) => keep(position)),
  );
  return recording;
};

describe('a ledger without a history', () => {
  it('is judged by what a ledger alone can show', () => {
    const result = judged(ledger());
    expect(result.problems).toEqual([]);
    expect(verdictOf(result)).toBe('valid');
    const ids = result.audit?.checks.filter((c) => c.applicable !== false).map(({ id }) => id);
    expect(ids).toEqual(['F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F11', 'F22', 'F26', 'F27', 'C1']);
  });

  it('may be read of one node alone up to a block, and is as complete from there on', () => {
    const recording = ledger({ from: 9 });
    for (const source of [...recording.chain.keys()].slice(1)) {
      without(recording, source, (number) => number >= 9);
    }
    expect(judged(recording).problems).toEqual([]);
    // Its fourth, since it begins with block 9.
    without(recording, 'orderer1', (position) => position !== 3);
    expect(judged(recording).problems).toEqual([
      expect.stringMatching(/^F5 .*orderer1: expected block 12, got block 13$/),
    ]);
  });

  it('is not that where a node was to be read from the first block and was not', () => {
    expect(judged(without(ledger(), 'orderer1', (number) => number >= 9)).problems).toEqual([
      expect.stringMatching(/^F5 .*orderer1: expected block 0, got block 9$/),
    ]);
  });

  it('names a node that is behind', () => {
    const result = judged(without(ledger({ from: 15 }), 'orderer1', (number) => number === 11));
    expect(verdictOf(result)).toBe('invalid');
    expect(result.problems.join('\n')).toContain('the chain has 17 blocks, but orderer1 has 12');
  });

  it('misses only the databases that were to be read', () => {
    const recording = ledger({ databases: ['peer0.org1'] });
    expect(verdictOf(judged(recording))).toBe('valid');
    recording.states.delete('peer0.org1');
    expect(judged(recording).problems).toEqual([
      expect.stringMatching(/^F10 .*: unknown: no state from peer0.org1$/),
      expect.stringMatching(/^F33 .*: unknown: no state from peer0.org1$/),
    ]);
  });
});
