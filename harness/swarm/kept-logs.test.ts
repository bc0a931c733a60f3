import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { keepLogs, takeKeptLogs } from './kept-logs.ts';

const run = promisify(execFile);
const line = (log: string, time: string) => `${JSON.stringify({ log, stream: 'stdout', time })}\n`;
const SINCE = Date.parse('2026-11-28T20:00:00Z') / 1000;

/** A machine whose shell is this one's, and whose docker knows where the data of its engine is. */
function machineAt(root: string) {
  const bin = path.join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(
    path.join(bin, 'docker'),
    [
      '#!/bin/sh',
      'case "$1" in',
      `info) echo ${root}/data ;;`,
      `ps) ls ${root}/data/containers ;;`,
      // One that has not been started has no file yet.
      `inspect) case $4 in new*) echo ;; *) echo ${root}/data/containers/$4/$4-json.log ;; esac ;;`,
      'esac',
    ].join('\n'),
    { mode: 0o755 },
  );
  const execOk = async ([file = '', ...args]: readonly string[]) =>
    (await run(file, args, { env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } })).stdout;
  return { execOk };
}

describe('the log of a container that is removed', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'kept-logs-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function container(id: string, text: string): string {
    const folder = path.join(root, 'data/containers', id);
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${id}-json.log`);
    writeFileSync(file, text);
    return file;
  }

  it('is there to its end, and once', async () => {
    const machine = machineAt(root);
    const file = container(
      'a1',
      line('before the scenario\n', '2026-11-28T19:59:59.9Z') +
        line('in it\n', '2026-11-28T20:00:01.5Z'),
    );
    await keepLogs(machine, 'orderer0');
    writeFileSync(file, line('panic: the last word\n', '2026-11-28T20:00:02Z'), { flag: 'a' });
    writeFileSync(file, '{"log":"cut of', { flag: 'a' });
    rmSync(path.dirname(file), { recursive: true });

    const [kept, ...others] = await takeKeptLogs(machine, SINCE);
    expect(others).toEqual([]);
    expect(kept).toMatchObject({ component: 'orderer0', container: 'a1' });
    expect(kept?.log.toString()).toBe('in it\npanic: the last word\n');
    expect(readdirSync(path.join(root, 'data/harness-logs'))).toEqual([]);
    expect(await takeKeptLogs(machine, SINCE)).toEqual([]);
  });

  it('is kept beside a container that has only been created', async () => {
    const machine = machineAt(root);
    mkdirSync(path.join(root, 'data/containers/new1'), { recursive: true });
    container('a1', line('in it\n', '2026-11-28T20:00:01.5Z'));
    await keepLogs(machine, 'orderer0');
    expect((await takeKeptLogs(machine, SINCE)).map(({ container: id }) => id)).toEqual(['a1']);
  });

  it('is there, and empty, when the component had nothing to say', async () => {
    const machine = machineAt(root);
    container('a1', line('long ago\n', '2026-11-28T19:00:00Z'));
    await keepLogs(machine, 'couchdb0.org1');
    expect(await takeKeptLogs(machine, SINCE)).toEqual([
      { component: 'couchdb0.org1', container: 'a1', log: Buffer.alloc(0) },
    ]);
  });

  it('is not asked for where nothing was kept', async () => {
    expect(await takeKeptLogs(machineAt(root), SINCE)).toEqual([]);
    expect(existsSync(path.join(root, 'data/harness-logs'))).toBe(false);
  });

  it('that is not there is an error', async () => {
    rmSync(container('a1', ''));
    await expect(keepLogs(machineAt(root), 'orderer0')).rejects.toThrow(/ln: /);
  });

  it('stays with the container while that is there', async () => {
    const machine = machineAt(root);
    const text = line('in it\n', '2026-11-28T20:00:01Z');
    const file = container('a1', text);
    await keepLogs(machine, 'orderer0');
    await takeKeptLogs(machine, SINCE);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});
