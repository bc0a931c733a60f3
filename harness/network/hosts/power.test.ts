import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '../../base/wait.ts';
import type { Host } from './hosts.ts';
import { powerBy } from './power.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'power-'));
  file = path.join(folder, 'off');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A host whose engine answers unless the file is there. */
function power(commands = { off: `touch ${file}`, on: `rm -f ${file}` }) {
  const docker = {
    ping: async () => {
      if (existsSync(file)) throw new Error('no route to host');
    },
    getContainer: () => ({
      inspect: async () => ({ State: { Running: true } }),
      exec: async () => ({
        start: async () => (async function* () {})(),
        inspect: async () => ({ ExitCode: 0 }),
      }),
    }),
  };
  const host = { node: { id: 'b', hostname: 'cloud-b' }, remote: { docker } };
  return powerBy(commands, 'n', host as unknown as Host);
}

describe('powerBy', () => {
  it("takes a host away and brings it back by the user's commands", async () => {
    const plug = power();
    expect(await plug.state()).toBe('running');
    await plug.kill();
    expect(await plug.state()).toBe('stopped');
    await plug.start({ budgetMs: 5_000 });
    expect(await plug.state()).toBe('running');
  });

  it('says what a command that fails has said', async () => {
    const plug = power({ off: 'echo no such machine >&2; exit 3', on: 'true' });
    await expect(plug.kill()).rejects.toThrow('seen 3: no such machine');
  });

  it('cannot freeze a host, nor stop it in order', async () => {
    await expect(power().pause()).rejects.toThrow('cloud-b cannot be frozen');
    await expect(power().stop()).rejects.toThrow('cloud-b cannot be stopped in order');
  });

  it('is given back by its guard once nobody is left who would, and only then', async () => {
    writeFileSync(file, '');
    (await power({ off: 'true', on: `touch ${file}.released` }).guard('start')).release();
    // A guard whose holder dies sees its input end without the word; a process that is killed stands for it.
    const holder = spawn(
      process.execPath,
      [
        path.join(process.cwd(), 'harness/cli/run.js'),
        path.join(process.cwd(), 'harness/network/hosts/testing/hold-power.ts'),
        `rm -f ${file}`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(holder.stdout, 'data');
    expect(existsSync(file)).toBe(true);
    holder.kill('SIGKILL');
    await waitFor({ subject: 'power', expected: 'back', budgetMs: 20_000 }, () =>
      existsSync(file) ? undefined : true,
    );
    expect(existsSync(`${file}.released`)).toBe(false);
  });
});
