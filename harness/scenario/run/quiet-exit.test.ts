import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const jest = path.resolve('node_modules/jest/bin/jest.js');
const quiet = path.resolve('harness/scenario/run/quiet-exit.ts');

it('keeps jest from advising about an exit that is forced, and from nothing else', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'quiet-exit-'));
  try {
    writeFileSync(path.join(folder, 'package.json'), '{"jest": {"transform": {}}}');
    writeFileSync(
      path.join(folder, 'a.test.js'),
      `setInterval(() => {}, 1000); it('runs', () => console.warn('a warning of a test'));`,
    );
    const run = (...options: string[]) =>
      spawnSync(process.execPath, [...options, jest, '--forceExit', '-i'], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
      });
    expect(run().stderr).toContain('Force exiting Jest');
    const { status, stderr, stdout } = run('--import', quiet);
    expect(status).toBe(0);
    expect(stderr).not.toContain('Force exiting');
    expect(stderr + stdout).toContain('a warning of a test');
    expect(stderr).toContain('1 passed');
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
