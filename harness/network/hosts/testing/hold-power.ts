import type { Host } from '../hosts.ts';
import { powerBy } from '../power.ts';

/** Holds a guard until it is killed; argument: the command that gives the power back. */
const on = process.argv[2] ?? 'true';
const host = { node: { id: 'x', hostname: 'x' }, remote: { docker: {} } } as unknown as Host;
await powerBy({ off: 'true', on }, 'n', host).guard('start');
process.stdout.write('held\n');
setInterval(() => {}, 60_000);
