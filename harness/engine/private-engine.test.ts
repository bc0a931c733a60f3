import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { otherUsers } from './private-engine.ts';

describe('otherUsers', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'leases-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are the other processes that live', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: 'pipe' });
    await once(child, 'spawn');
    for (const pid of [process.pid, child.pid]) writeFileSync(path.join(folder, String(pid)), '');
    expect(otherUsers(folder)).toEqual([child.pid]);
    child.stdin.end();
    await once(child, 'exit');
    expect(otherUsers(folder)).toEqual([]);
  });

  it('are none where no engine was ever started', () => {
    expect(otherUsers(path.join(folder, 'none'))).toEqual([]);
  });
});
