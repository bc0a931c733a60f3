#!/usr/bin/env node
// Runs a TypeScript file under a Node that executes it as it is (22.22 or newer). Where the one on the PATH is older, the
// Node 24 that npm installed beside the dependencies takes over.
//   node harness/cli/run.js FILE [ARGUMENT...]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const self = fileURLToPath(import.meta.url);

/**
 * @param {string} file
 * @param {readonly string[]} args
 */
export async function run(file, args) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 22)) {
    process.argv.splice(1, Number.POSITIVE_INFINITY, file, ...args);
    await import(pathToFileURL(file).href);
    return;
  }
  const node = path.join(self, `../../../node_modules/node-linux-${process.arch}/bin/node`);
  if (!existsSync(node)) {
    console.error(
      `harness: needs Node 22.22 or newer, or the Node 24 that "npm ci" installs; this is ${process.version}.`,
    );
    process.exit(2);
  }
  const child = spawn(node, [file, ...args], {
    stdio: 'inherit',
    env: { ...process.env, FABRIC_SWARM_HARNESS_LAUNCHER: String(process.pid) },
  });
  // The terminal sends Ctrl-C to the child as well; it decides when to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => signal === 'SIGINT' || child.kill(signal));
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

if (process.argv[1] === self && process.argv[2]) {
  await run(path.resolve(process.argv[2]), process.argv.slice(3));
}
