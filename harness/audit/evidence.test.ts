import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delimited, readBlocks, readJsonLines, readLines } from '../base/files.ts';
import { audit } from './audit.ts';
import { auditEvidence, openEvidence, paths, writeScenario } from './evidence.ts';
import type { TestRecording } from './testing/ledger-builder.ts';
import { save as saveIn } from './testing/save.ts';
import { busyRecording } from './testing/scene.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const save = (recording: TestRecording) => saveIn(dir, recording);

describe('auditEvidence', () => {
  it('gives offline what was found live', () => {
    const recording = busyRecording();
    save(recording);
    const offline = auditEvidence(dir);
    expect(offline).toEqual(audit(recording));
    expect(offline.verdict).toBe('valid');
    expect(offline.channels).toEqual(['mychannel']);
  });

  it('finds offline the document that was edited', () => {
    const recording = busyRecording();
    const entries = recording.states.get('peer0.org2') ?? [];
    entries[3] = { ...(entries[3] as (typeof entries)[number]), value: '{}' };
    save(recording);
    const offline = auditEvidence(dir);
    expect(offline).toEqual(audit(recording));
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
    writeFileSync(path, '{"schema":1}');
    expect(() => openEvidence(dir)).toThrow(`${path}: schema is 1, expected 2`);
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
