import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GUARD_LOOP, Guard } from './guard.ts';
import { fakeMachine } from './testing/fakes.ts';

describe('the loop in a machine', () => {
  let root = '';
  let folder = '';
  let loop: ChildProcess | undefined;
  const file = (name: string) => path.join(folder, name);
  const start = (patience: number) => {
    const parameters = [folder, '0.01', String(patience), '3'];
    loop = spawn('sh', ['-c', GUARD_LOOP, 'guard', ...parameters], { stdio: 'ignore' });
    return once(loop, 'exit');
  };

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'guard-'));
    folder = path.join(root, 'session');
    mkdirSync(folder);
    writeFileSync(file('alive'), '');
  });
  afterEach(() => {
    loop?.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });

  it('runs every script once the signs of life stop, then removes its folder and ends', async () => {
    const [a, b] = [path.join(root, 'a'), path.join(root, 'b')];
    writeFileSync(file('a.heal'), `touch ${a}`);
    writeFileSync(file('b.heal'), `touch ${b}`);
    await start(3);
    expect([existsSync(a), existsSync(b), existsSync(folder)]).toEqual([true, true, false]);
  });

  it('runs a script again that failed', async () => {
    const tries = path.join(root, 'tries');
    writeFileSync(
      file('a.heal'),
      `echo >> ${tries}; [ "$(wc -l < ${tries})" -ge 2 ] && touch ${tries}.ok`,
    );
    await start(1);
    expect(existsSync(`${tries}.ok`)).toBe(true);
  });

  it('does not despair of a script that never succeeds, and runs the others', async () => {
    const b = path.join(root, 'b');
    writeFileSync(file('a.heal'), 'exit 1');
    writeFileSync(file('b.heal'), `touch ${b}`);
    await start(1);
    expect([existsSync(b), existsSync(folder)]).toEqual([true, false]);
  });

  it('ends without healing when its folder is taken away', async () => {
    const a = path.join(root, 'a');
    writeFileSync(file('a.heal'), `touch ${a}`);
    const ended = start(1_000_000);
    rmSync(folder, { recursive: true });
    await ended;
    expect(existsSync(a)).toBe(false);
  });
});

describe('a guard', () => {
  it('leaves the script before anything else, runs it to heal, and gives names of their own', async () => {
    const machine = fakeMachine(1);
    await using guard = await Guard.start({ machines: [machine] });
    const id = guard.newId('isolate', 'kafka0');
    expect(guard.newId('isolate', 'kafka0')).not.toBe(id);
    await guard.register(machine, id, 'true');
    expect(machine.commands.at(-1)).toMatch(new RegExp(`cat > .*${id}$`));
    await guard.heal(machine, id);
    expect(machine.commands.at(-1)).toMatch(new RegExp(`${id}.heal$`));
    expect(guard.endedEarly('kafka0')).toBe(false);
  });

  it('tells when a fault was healed before its time', async () => {
    const machine = fakeMachine(1, {}, (command) => (command.includes('echo gone') ? 'gone' : ''));
    await using guard = await Guard.start({ machines: [machine] });
    const id = guard.newId('isolate', 'kafka0');
    await guard.register(machine, id, 'true');
    await guard.heal(machine, id);
    expect(guard.endedEarly('kafka1')).toBe(false);
    expect(guard.endedEarly('kafka0')).toBe(true);
    await guard.heal(machine, id);
    expect(guard.endedEarly('kafka0')).toBe(false);
  });

  it('gives a machine that was restarted the scripts that it had', async () => {
    const machine = fakeMachine(1);
    await using guard = await Guard.start({ machines: [machine] });
    const id = guard.newId('down', 'peer0.org1');
    await guard.register(machine, id, 'true');
    const before = machine.commands.length;
    await guard.revive(machine);
    expect(machine.commands.slice(before)).toEqual([
      expect.stringContaining('setsid'),
      expect.stringContaining(id),
    ]);
  });
});
