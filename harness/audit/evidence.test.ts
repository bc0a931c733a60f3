import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { delimited, readBlocks, readJsonLines, readLines } from '../base/files.ts';
import { audit } from './audit.ts';
import {
  appendTo,
  auditEvidence,
  openEvidence,
  paths,
  writeEnvironment,
  writeOrdering,
  writeScenario,
} from './evidence.ts';
import type { TestRecording } from './testing/ledger-builder.ts';
import { busyRecording } from './testing/scene.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Saves a recording as the runner does. */
function save(recording: TestRecording): void {
  const [channel = ''] = recording.channels;
  const lines = (path: string, records: readonly unknown[]): void => {
    using file = appendTo(path);
    for (const record of records) file.line(record);
  };
  writeScenario(dir, recording.scenario);
  lines(paths.history(dir), recording.history);
  for (const [source, blocks] of recording.chain) {
    using file = appendTo(paths.blocks(dir, channel, source));
    for (const block of blocks) file.block(block);
  }
  for (const [peer, entries] of recording.states) lines(paths.state(dir, channel, peer), entries);
  for (const [peer, events] of recording.streams) lines(paths.events(dir, channel, peer), events);
  if (recording.environment) writeEnvironment(dir, recording.environment);
  if (recording.ordering) writeOrdering(dir, recording.ordering);
  for (const { component, lines: text } of recording.logs) {
    const path = paths.log(dir, component);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.join('\n'));
  }
}

const timeless = ({ duration: _, ...result }: ReturnType<typeof audit>) => result;

describe('auditEvidence', () => {
  it('gives offline what was found live', () => {
    const recording = busyRecording();
    save(recording);
    const offline = auditEvidence(dir);
    expect(timeless(offline)).toEqual(timeless(audit(recording)));
    expect(offline.verdict).toBe('valid');
    expect(offline.channels).toEqual(['mychannel']);
  });

  it('finds offline the document that was edited', () => {
    const recording = busyRecording();
    const entries = recording.states.get('peer0.org2') ?? [];
    entries[3] = { ...(entries[3] as (typeof entries)[number]), value: '{}' };
    save(recording);
    const offline = auditEvidence(dir);
    expect(timeless(offline)).toEqual(timeless(audit(recording)));
    expect(offline.verdict).toBe('invalid');
  });

  it('reports a block file that was cut off', () => {
    save(busyRecording());
    const path = paths.blocks(dir, 'mychannel', 'orderer0');
    truncateSync(path, readFileSync(path).length - 3);
    const result = auditEvidence(dir).checks.find(({ id }) => id === 'F5');
    expect(result?.verdict).toBe('invalid');
    expect(result?.evidence[0]?.message).toMatch(
      /^orderer0: cannot be read: .*orderer0\.blocks ends inside the block at byte \d+$/,
    );
  });

  it('is unknown where only the scenario was saved', () => {
    const { scenario } = busyRecording();
    writeScenario(dir, scenario);
    const result = auditEvidence(dir);
    expect(result.verdict).toBe('unknown');
    expect(result.channels).toEqual(['mychannel']);
    expect(result.checks.filter(({ verdict }) => verdict === 'invalid')).toEqual([]);
  });

  it('refuses a folder that is no scenario, and says why', () => {
    const path = paths.scenario(dir);
    expect(() => openEvidence(dir)).toThrow(
      `${path}: no such file; expected the folder of a scenario`,
    );
    writeFileSync(path, '{');
    expect(() => openEvidence(dir)).toThrow(`${path}: `);
    writeFileSync(path, '{"schema":2}');
    expect(() => openEvidence(dir)).toThrow(`${path}: schema is 2, expected 1`);
  });

  it('passes over files of other kinds', () => {
    save(busyRecording());
    writeFileSync(join(dir, 'blocks', 'mychannel', 'notes.txt'), 'x');
    writeFileSync(join(dir, 'logs', 'notes.txt'), 'panic: x');
    expect(auditEvidence(dir).verdict).toBe('valid');
  });
});

describe('readLines', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['\n\nü\n', ['', '', 'ü']],
  ])('reads %j', (content, expected) => {
    const path = join(dir, 'x');
    writeFileSync(path, content);
    expect([...readLines(path)]).toEqual(expected);
  });

  it('reads lines across and beyond its chunks', () => {
    const lines = Array.from({ length: 9 }, (_, index) => 'ü'.repeat(index * 200_001));
    const path = join(dir, 'x');
    writeFileSync(path, lines.join('\n'));
    expect([...readLines(path)]).toEqual(lines);
  });

  it('takes a file that is not there as empty, and throws on a folder', () => {
    expect([...readLines(join(dir, 'none'))]).toEqual([]);
    expect(() => [...readLines(dir)]).toThrow('EISDIR');
    writeFileSync(join(dir, 'plain'), '');
    expect(() => [...readLines(join(dir, 'plain', 'x'))]).toThrow('ENOTDIR');
  });
});

describe('readJsonLines', () => {
  it('passes over a last line that is cut off, and over empty lines', () => {
    const path = join(dir, 'x');
    writeFileSync(path, '{"a":1}\n\n{"a":2}\n{"a":');
    expect([...readJsonLines(path)]).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('throws at another line that is not JSON', () => {
    const path = join(dir, 'x');
    writeFileSync(path, '{"a":1}\n\n{"a":\n{"a":3}\n');
    expect(() => [...readJsonLines(path)]).toThrow(`${path}: line 3 is not JSON`);
  });
});

describe('readBlocks', () => {
  it.each([[0], [1], [127], [128], [16_384], [1 << 20], [3_000_000]])(
    'reads blocks of %i bytes and what stands beside them',
    (size) => {
      const path = join(dir, 'x');
      const blocks = [Buffer.from('first'), Buffer.alloc(size, 7), Buffer.from('last')];
      writeFileSync(path, Buffer.concat(blocks.map(delimited)));
      expect([...readBlocks(path)].length).toBe(3);
      let index = 0;
      for (const block of readBlocks(path)) {
        expect(block.equals(blocks[index] as Buffer)).toBe(true);
        index += 1;
      }
    },
  );

  it('reads many blocks through one chunk', () => {
    const path = join(dir, 'x');
    const blocks = Array.from({ length: 900 }, (_, index) => Buffer.alloc(index * 5, index));
    writeFileSync(path, Buffer.concat(blocks.map(delimited)));
    let index = 0;
    for (const block of readBlocks(path)) {
      expect(block.equals(blocks[index] as Buffer)).toBe(true);
      index += 1;
    }
    expect(index).toBe(900);
  });

  it('takes a file that is not there as empty', () => {
    expect([...readBlocks(join(dir, 'none'))]).toEqual([]);
  });

  it('throws where a block or its length is cut off, or is no length', () => {
    const path = join(dir, 'x');
    const first = delimited(Buffer.from('first'));
    const second = delimited(Buffer.alloc(300));
    writeFileSync(path, Buffer.concat([first, second.subarray(0, 1)]));
    expect(() => [...readBlocks(path)]).toThrow(`${path} ends inside the block at byte 6`);
    writeFileSync(path, Buffer.concat([first, second.subarray(0, 301)]));
    expect(() => [...readBlocks(path)]).toThrow(`${path} ends inside the block at byte 6`);
    writeFileSync(path, Buffer.alloc(9, 0xff));
    expect(() => [...readBlocks(path)]).toThrow('no block length at byte 0');
  });
});
