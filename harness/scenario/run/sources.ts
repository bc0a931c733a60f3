import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectFolder } from '../../base/project.ts';
import { readFiles } from '../../images/tree.ts';

/**
 * A hash of what decides how a run goes, tests apart: the harness, its scenarios and fixtures, and what the user adds.
 * Runs of different sources say nothing about each other: a scenario that fails, is mended and passes is not flaky.
 *
 * @param added scenario files, or a folder or image with a chaincode; those within the project count already
 */
export function sourcesHash(added: readonly string[], project = projectFolder): string {
  const hash = createHash('sha256');
  const add = (root: string, inputs: readonly string[]) => {
    const files = [...readFiles(root, inputs)].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [file, content] of files)
      hash.update(`${file}\0${content.length}\0`).update(content);
  };
  add(project, ['harness', 'scenarios', 'fixtures', 'package-lock.json']);
  for (const given of [...added].sort()) {
    const absolute = path.resolve(given);
    if (!path.relative(project, absolute).startsWith('..')) continue;
    hash.update(`${given}\0`);
    if (existsSync(absolute)) add(path.dirname(absolute), [path.basename(absolute)]);
  }
  return hash.digest('hex').slice(0, 12);
}
