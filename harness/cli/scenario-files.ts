import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import { projectFolder } from '../base/project.ts';

/** What was asked to run. */
export interface ScenarioChoice {
  readonly scenario?: readonly string[];
  readonly suite: string;
  readonly shard?: string;
}

/**
 * The files that a choice means, absolute, in the order in which they run.
 *
 * @throws UsageError when a file or suite does not exist or is empty, or the shard is none
 */
export function scenarioFiles(choice: ScenarioChoice): string[] {
  const files = choice.scenario?.length ? given(choice.scenario) : filesOfSuite(choice.suite);
  return choice.shard === undefined ? files : ofShard(files, choice.shard);
}

function given(files: readonly string[]): string[] {
  return files.map((file) => {
    const absolute = path.resolve(file);
    if (!existsSync(absolute)) throw new UsageError([`--scenario: no such file: ${file}`]);
    if (!/\.scenario\.(ts|js|mjs)$/.test(absolute)) {
      throw new UsageError([`--scenario: expected a name ending in .scenario.ts, seen ${file}`]);
    }
    return realpathSync(absolute);
  });
}

function filesOfSuite(suite: string): string[] {
  const suites = readdirSync(path.join(projectFolder, 'scenarios'));
  if (!suites.includes(suite)) {
    throw new UsageError([`--suite: expected one of ${suites.join(', ')}, seen ${suite}`]);
  }
  const folder = path.join(projectFolder, 'scenarios', suite);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.scenario.ts'))
    .sort()
    .map((file) => path.join(folder, file));
  if (files.length === 0) throw new UsageError([`suite ${suite}: no scenarios in ${folder}`]);
  return files;
}

/**
 * Every n-th file, so that neighbours, which are often alike and take as long, are spread over the shards.
 *
 * @param shard `number/of`, counted from 1
 */
export function ofShard<T>(files: readonly T[], shard: string): T[] {
  const [, number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(shard) ?? []).map(Number);
  if (number < 1 || number > of) {
    throw new UsageError([`--shard: expected a number and how many, such as 1/3, seen "${shard}"`]);
  }
  const own = files.filter((_, index) => index % of === number - 1);
  if (own.length === 0) {
    throw new UsageError([`--shard: expected at most ${files.length} shards, seen "${shard}"`]);
  }
  return own;
}
