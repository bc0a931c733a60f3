import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ImageBuildError } from './model.ts';
import { lastLines, runTool } from './tool.ts';

describe('lastLines', () => {
  it('gives the end, without blank lines and without what a progress bar overwrote', () => {
    expect(lastLines('a\n\n 10%\r 99%\r100%\nb \n', 2)).toEqual(['100%', 'b']);
  });
});

describe('runTool', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tool-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const run = () => ({ image: 'x', log: path.join(folder, 'log') });

  it('logs the command and both outputs', async () => {
    await runTool(['sh', '-c', 'echo out; echo err >&2'], run());
    const log = readFileSync(run().log, 'utf8');
    expect(log).toContain('$ sh -c');
    expect(log).toContain('out\n');
    expect(log).toContain('err\n');
  });

  it('fails with the exit code, the last lines and the file', async () => {
    const failure = runTool(['sh', '-c', 'echo because; exit 7'], run());
    await expect(failure).rejects.toThrow(ImageBuildError);
    await expect(failure).rejects.toThrow(/exit code 7 from sh[\s\S]*because[\s\S]*log/);
  });

  it('names a program that is not there', async () => {
    await expect(runTool(['no-such-program'], run())).rejects.toThrow(/exit code 127/);
  });

  it('kills the whole group on abort, and throws the reason', async () => {
    const abort = new AbortController();
    const script = 'sleep 1000 & echo $! > "$0"; wait';
    const pidFile = path.join(folder, 'pid');
    const failure = runTool(['sh', '-c', script, pidFile], { ...run(), signal: abort.signal });
    const child = await firstLine(pidFile);
    abort.abort(new Error('interrupted'));
    await expect(failure).rejects.toThrow('interrupted');
    await dead(child);
  });
});

/** Until a process is gone or only waits to be collected; jest's own time limit is the deadline. */
async function dead(pid: number): Promise<void> {
  for (;;) {
    try {
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The process id in a file, as soon as it is there; jest's own time limit is the deadline. */
async function firstLine(file: string): Promise<number> {
  for (;;) {
    try {
      const text = readFileSync(file, 'utf8');
      if (text.endsWith('\n')) return Number(text);
    } catch {
      // not written yet
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
