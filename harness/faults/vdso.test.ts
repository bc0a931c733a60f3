import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { clockPatches, type Patch } from './vdso.ts';

const HOUR = 3600;

/** A shell that tells its time for each line that it gets. */
function clock(): ChildProcess {
  const loop = "while read -r _; do printf '%(%s)T\\n' -1; done";
  return spawn('bash', ['-c', loop], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function ask({ stdin, stdout }: ChildProcess): Promise<number> {
  if (!stdin || !stdout) throw new Error('bash: expected pipes');
  stdin.write('\n');
  const [answer] = (await once(stdout, 'data')) as [Buffer];
  return Number(answer.toString()) - Date.now() / 1000;
}

function pageOf(pid: number) {
  const line = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(
    readFileSync(`/proc/${pid}/maps`, 'utf8'),
  );
  const [start, end] = [Number(`0x${line?.[1]}`), Number(`0x${line?.[2]}`)];
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  const page = Buffer.alloc(end - start);
  readSync(memory, page, 0, page.length, start);
  return {
    page,
    write: (patches: readonly Patch[]) => {
      for (const { offset, bytes } of patches)
        writeSync(memory, bytes, 0, bytes.length, start + offset);
    },
    read: () => readSync(memory, page, 0, page.length, start),
    [Symbol.dispose]: () => closeSync(memory),
  };
}

describe('the clock of a running process', () => {
  it.each([HOUR, -HOUR])('is %s s off until it is put right again', async (seconds) => {
    const child = clock();
    const { pid = 0 } = child;
    try {
      expect(Math.abs(await ask(child))).toBeLessThan(2);
      using page = pageOf(pid);
      const { apply, undo } = clockPatches(page.page, seconds);
      page.write(apply);
      expect(Math.abs((await ask(child)) - seconds)).toBeLessThan(2);
      page.read();
      expect(() => clockPatches(page.page, seconds)).toThrow('skewed already');
      page.write(undo);
      expect(Math.abs(await ask(child))).toBeLessThan(2);
      // What begins now has a page of its own, which nobody has touched.
      const other = clock();
      expect(Math.abs(await ask(other))).toBeLessThan(2);
      other.kill('SIGKILL');
    } finally {
      child.kill('SIGKILL');
    }
  });
});

it('refuses what is no page of the kernel', () => {
  expect(() => clockPatches(Buffer.alloc(8192), HOUR)).toThrow('expected ELF64');
});
