import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { artefacts, commitAll, copyOfProject, runWorkflow } from './support/act.ts';

/**
 * `npm run workflow -- nightly [--job JOB] [--cell KEY:VALUE]… [--input KEY=VALUE]… [--keep FOLDER]`: runs a workflow of
 * this repository on this machine as GitHub would, with what is in the working copy. Caches and artefacts go to the
 * folder that `--keep` names (a new one unless told), where the next run finds them.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    job: { type: 'string' },
    cell: { type: 'string', multiple: true, default: [] },
    input: { type: 'string', multiple: true, default: [] },
    keep: { type: 'string' },
  },
});
const [workflow = 'pull-request'] = positionals;
const folder = path.resolve(values.keep ?? mkdtempSync(path.join(tmpdir(), 'workflow-')));
const copies = mkdtempSync(path.join(tmpdir(), 'workflow-copy-'));
const repository = commitAll(copyOfProject(path.join(copies, 'fabric-swarm-harness')), 'OWNER');
const run = await runWorkflow({
  repository,
  workflow: `${workflow}.yml`,
  event: 'workflow_dispatch',
  inputs: Object.fromEntries(
    values.input.map((pair) => [pair.split('=', 1).join(), pair.replace(/^[^=]*=/, '')]),
  ),
  cells: values.cell,
  ...(values.job ? { job: values.job } : {}),
  // Settings are the caller's here, as they are not in tests.
  env: Object.fromEntries(Object.entries(process.env).filter(([key]) => /^HARNESS_/.test(key))),
  folder,
  onLine: console.log,
});
if (run.summary) console.log(`\n${run.summary}`);
for (const [name, files] of Object.entries(artefacts(folder))) {
  console.log(`artefact ${name}: ${files.length} files`);
}
console.log(`${run.green ? 'green' : 'red'}; caches and artefacts in ${folder}`);
process.exitCode = run.green ? 0 : 1;
