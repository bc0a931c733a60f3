#!/usr/bin/env node
// Runs the command line under a Node that executes TypeScript as it is (22.18 or newer). Where the one on the PATH is
// older, the Node 24 that npm installed beside the dependencies takes over.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
const able = major > 22 || (major === 22 && minor >= 22);
const bundled = [process.arch]
  .map((arch) => at(`../../node_modules/node-linux-${arch}/bin/node`))
  .find((path) => existsSync(path));

if (able) await import('./main.ts');
else if (!bundled) {
  console.error(
    `harness: needs Node 22.22 or newer, or the Node 24 that "npm ci" installs; this is ${process.version}.`,
  );
  process.exit(2);
} else {
  const child = spawn(bundled, [at('./main.ts'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, FABRIC_SWARM_HARNESS_LAUNCHER: String(process.pid) },
  });
  // The terminal sends Ctrl-C to the child as well; it decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => signal === 'SIGINT' || child.kill(signal));
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
