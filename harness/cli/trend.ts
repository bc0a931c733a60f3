import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf, UsageError } from '../base/errors.ts';
import { table } from '../base/table.ts';
import { parseResults } from '../report/index.ts';
import { type Night, type Trend, trendOf } from '../report/trend.ts';
import {
  changed,
  flagged,
  seriesInWords,
  trendMarkdown,
  valueInWords,
} from '../report/trend-words.ts';

/** `bench-NAME.json`, as the scripts that measure print it. */
const BENCH = /^bench-(.+)\.json$/;

/**
 * `harness trend`: what changed from night to night.
 *
 * @param folders one for each night, the oldest first, with any number of runs in them at any depth; of a single one,
 *   each folder in it is a night, in the order of their names
 */
export function trend(
  folders: readonly string[],
  options: { json?: boolean; markdown?: boolean },
): void {
  const nights = nightFolders(folders).map(readNight);
  if (nights.every(({ runs, benches }) => runs.length + Object.keys(benches).length === 0)) {
    throw new UsageError([
      `trend: expected results.json or bench-….json in ${folders.join(', ')} or below, seen none`,
    ]);
  }
  const found = trendOf(nights);
  if (options.json) console.log(JSON.stringify(found, null, 2));
  else console.log(options.markdown ? trendMarkdown(found) : trendText(found));
}

function nightFolders(given: readonly string[]): string[] {
  for (const folder of given) {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new UsageError([`trend: expected a folder, seen ${folder}`]);
    }
  }
  const [only] = given;
  if (only === undefined || given.length > 1) return [...given];
  return readdirSync(only, { withFileTypes: true })
    .filter((entry) => entry.isDirectory()) // `latest` is a link
    .map(({ name }) => path.join(only, name))
    .sort();
}

function readNight(folder: string): Night {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const read = (file: string) => readFileSync(file, 'utf8');
  const benches = files.flatMap((file) => {
    const [, name] = BENCH.exec(path.basename(file)) ?? [];
    return name === undefined ? [] : [[name, parseJson(read(file), file)] as const];
  });
  // `latest`, a link, shows one of them again.
  const runs = new Map(
    files
      .filter((file) => path.basename(file) === 'results.json')
      .map((file) => parseRun(read(file), file))
      .map((run) => [run.id, run]),
  );
  return {
    name: path.basename(path.resolve(folder)),
    runs: [...runs.values()],
    benches: Object.fromEntries(benches),
  };
}

function parseRun(text: string, file: string) {
  try {
    return parseResults(text, file);
  } catch (error) {
    throw new UsageError([`trend: ${messageOf(error)}`]);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError([`trend: ${file}: expected JSON, ${messageOf(error)}`]);
  }
}

function trendText(found: Trend): string {
  const part = (title: string, lines: readonly string[]) =>
    lines.length > 0 ? ['', title, ...lines.map((line) => `  ${line}`)] : [];
  const survival = found.survival.map(({ scenario, topology, passed, of }) => [
    scenario,
    topology,
    `${passed} of ${of} passed`,
  ]);
  const numbers = found.series.map((each) => [
    seriesInWords(each),
    ...each.values.map((value) => valueInWords(each.unit, value)),
  ]);
  return [
    table([['SCENARIO', 'TOPOLOGY', found.nights.at(-1) ?? ''], ...survival]),
    ...part('twice as bad as before:', flagged(found)),
    ...part('different from before:', found.nights.length > 1 ? changed(found) : []),
    '',
    table([['', ...found.nights], ...numbers]),
  ].join('\n');
}
