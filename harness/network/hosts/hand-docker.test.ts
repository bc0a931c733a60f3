import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const MINE = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hand-'));
  // An engine's command that knows whose two containers are, and else says what it was asked.
  writeFileSync(
    path.join(folder, 'real'),
    `#!/bin/sh
if [ "$1" = inspect ] && [ "$2" = -f ]; then
  case $4 in ${MINE}) echo mine ;; ${OTHER}) echo another ;; esac
  exit
fi
echo "$@"`,
    { mode: 0o755 },
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

function docker(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    'sh',
    [path.join(import.meta.dirname, 'hand-docker.sh'), ...args],
    {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HARNESS_REAL_DOCKER: path.join(folder, 'real'),
        HARNESS_NETWORK: 'mine',
        HARNESS_LABEL: 'label',
      },
    },
  );
  return { status, said: (stdout || stderr).trim() };
}

describe("docker in a host's hand", () => {
  it("lists the network's containers alone", () => {
    expect(docker('ps', '-q').said).toBe('ps --filter label=label=mine -q');
  });

  it('names services as the swarm has them', () => {
    expect(docker('service', 'scale', '--detach', 'peer0-org1=1').said).toBe(
      'service scale --detach mine_peer0-org1=1',
    );
  });

  it.each([
    ['pause', MINE],
    ['kill', '-s', 'STOP', MINE],
    ['exec', '-d', '-u', '0', MINE, 'tail', '/dev/zero'],
  ])("does what faults need to the network's containers: %s", (...args) => {
    expect(docker(...args).said).toBe(args.join(' '));
  });

  it.each([
    ['kill', OTHER],
    ['exec', OTHER, 'true'],
    ['kill', 'bystander'],
    ['rm', '-f', MINE],
    ['run', 'image'],
    ['service', 'rm', 'x'],
    ['swarm', 'leave'],
    ['system', 'prune', '-f'],
  ])('refuses what none needs, and what is not the network\u2019s: %s %s', (...args) => {
    const { status, said } = docker(...args);
    expect(status).toBe(1);
    expect(said).toContain('not an operation of a fault on network mine');
  });
});
