import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitFor } from '../base/wait.ts';
import { removeStalePolicy } from './host-changes.ts';

const SCRIPT = path.join(import.meta.dirname, 'install-packages.sh');

/** Packages are lines of a file; the policy that is in force during an installation is kept for the test. */
const APT_GET = `#!/bin/sh
[ "$2" = install ] || exit 0
[ -z "\${HANG:-}" ] || { echo ready > "$STATE/ready"; exec sleep 60; }
cp "$POLICY_RC_D" "$STATE/policy-seen" 2>/dev/null
[ -z "\${FAILS:-}" ] || exit 100
printf 'ii docker.io\\nii runc\\n' >> "$STATE/packages"
`;
const DPKG_QUERY = `#!/bin/sh
cat "$STATE/packages"
`;
const SYSTEMCTL = `#!/bin/sh
echo "$@" >> "$STATE/asked"
`;

describe('an installation of packages', () => {
  let dir: string;
  const at = (name: string) => path.join(dir, name);
  const environment = (env: Record<string, string>) => ({
    PATH: `${dir}:${process.env.PATH}`,
    STATE: dir,
    POLICY_RC_D: at('policy-rc.d'),
    ...env,
  });
  const install = (env: Record<string, string> = {}) =>
    spawnSync('sh', [SCRIPT, at('records/new'), 'docker.io'], { env: environment(env) }).status;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'install-'));
    for (const [name, text] of Object.entries({
      'apt-get': APT_GET,
      'dpkg-query': DPKG_QUERY,
      systemctl: SYSTEMCTL,
    })) {
      writeFileSync(at(name), text, { mode: 0o755 });
    }
    writeFileSync(at('packages'), 'ii bash\nrc gone\n');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('starts and enables no service, and writes down what is new', () => {
    expect(install()).toBe(0);
    expect(readFileSync(at('policy-seen'), 'utf8')).toMatch(
      /^#!\/bin\/sh\n# fabric-swarm-harness.*\nexit 101\n$/,
    );
    expect(existsSync(at('policy-rc.d'))).toBe(false);
    expect(readFileSync(at('records/new'), 'utf8')).toBe('docker.io\nrunc\n');
    expect(readFileSync(at('asked'), 'utf8')).toBe('disable docker.service docker.socket\n');
  });

  it("leaves the user's own policy as it is", () => {
    writeFileSync(at('policy-rc.d'), '#!/bin/sh\nexit 0\n');
    expect(install()).toBe(0);
    expect(readFileSync(at('policy-rc.d'), 'utf8')).toBe('#!/bin/sh\nexit 0\n');
    expect(removeStalePolicy(at('policy-rc.d'))).toBe(false);
  });

  it('leaves no policy when it fails', () => {
    expect(install({ FAILS: '1' })).not.toBe(0);
    expect(existsSync(at('policy-rc.d'))).toBe(false);
    expect(existsSync(at('records/new'))).toBe(false);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'that %s ends leaves none either, or one that the next start removes',
    async (signal) => {
      const child = spawn('sh', [SCRIPT, at('records/new'), 'docker.io'], {
        env: environment({ HANG: '1' }),
        detached: true,
      });
      const ended = once(child, 'exit');
      await waitFor(
        { subject: 'apt-get', expected: 'its start', budgetMs: 20_000 },
        () => existsSync(at('ready')) || undefined,
      );
      process.kill(-(child.pid as number), signal);
      await ended;
      expect(removeStalePolicy(at('policy-rc.d'))).toBe(signal === 'SIGKILL');
      expect(existsSync(at('policy-rc.d'))).toBe(false);
    },
  );
});
