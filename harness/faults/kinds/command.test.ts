import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectFolder } from '../../base/project.ts';
import { fakeContext } from '../testing/fakes.ts';
import { command } from './command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'command-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fault = (changes: Partial<Parameters<typeof command>[0]> = {}) => {
  const mark = path.join(folder, 'in-force');
  return command({
    name: 'orderer2',
    inject: `touch ${mark}`,
    verify: `test -e ${mark} && echo it is there`,
    heal: `rm -f ${mark}`,
    ...changes,
  });
};
const prepared = async (changes = {}) => {
  const made = fault(changes);
  return made.prepare(fakeContext([]), await made.role.resolve(fakeContext([])));
};

describe('a fault by commands', () => {
  it('is injected, measured and healed by them, and told what they said', async () => {
    const active = await prepared();
    await active.inject();
    expect(await active.verify()).toEqual({
      confirmation: 'confirmed',
      evidence: expect.stringMatching(/ended with 0: it is there$/),
    });
    await active.heal();
    await active.heal();
    expect((await active.verifyHealed()).confirmation).toBe('confirmed');
  });

  it('fails where a command fails, with its last words', async () => {
    const active = await prepared({ inject: 'echo no such pod >&2; exit 3' });
    await expect(active.inject()).rejects.toThrow(
      /inject `.*`: expected it to end with 0, seen 3: no such pod/,
    );
    await active.heal();
  });

  it('is not confirmed where the verification never says that it is in force', async () => {
    const made = fault({ verify: 'false' });
    const context = { ...fakeContext([]), signal: AbortSignal.abort() };
    const active = await made.prepare(context, []);
    expect(await active.verify()).toMatchObject({
      confirmation: 'not-confirmed',
      evidence: expect.stringMatching(/expected 0 within 30 s, seen 1$/),
    });
  });

  it('is healed by a process of its own when the harness is killed', () => {
    const mark = path.join(folder, 'in-force');
    const healed = path.join(folder, 'healed');
    const program = `
      import { command } from '${path.join(import.meta.dirname, 'command.ts')}';
      const fault = command({ name: 'x', inject: 'touch ${mark}', verify: 'true', heal: 'mkfifo ${healed}; echo > ${healed}' });
      const active = await fault.prepare({ signal: new AbortController().signal }, []);
      await active.inject();
      process.kill(process.pid, 'SIGKILL');
    `;
    const file = path.join(folder, 'killed.ts');
    writeFileSync(file, program);
    spawnSync(process.execPath, [path.join(projectFolder, 'harness/cli/run.js'), file]);
    expect(existsSync(mark)).toBe(true);
    // Reading waits for the heal to open its end.
    const read = spawnSync('sh', ['-c', `until [ -p ${healed} ]; do :; done; cat ${healed}`], {
      timeout: 20_000,
    });
    expect(read.status).toBe(0);
  });
});
