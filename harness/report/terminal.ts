import { stripVTControlCharacters } from 'node:util';
import { verifiedLine } from '../audit/verified.ts';
import type { RecoveryResult, RunResult, ScenarioResult } from './model.ts';
import {
  auditWords,
  COLUMNS,
  duration,
  headline,
  inAll,
  neverOrdered,
  okShare,
  ordererNames,
  percent,
  runDuration,
  runVerdict,
  slowestRecovery,
  standIns,
  statesOfFailed,
  statusWord,
  total,
  worstFirst,
} from './summary.ts';

export interface ScorecardOptions {
  /** ANSI colours; never the only carrier of a meaning. */
  readonly colour: boolean;
  /** Columns of the terminal; below 72 the table is laid out for 72. */
  readonly width: number;
  /** Path of the report, as the reader can open it. */
  readonly report?: string;
}

/** Columns that a terminal needs for the text: wide East Asian characters and emoji take two, accents none. */
export function columns(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** One line without escape sequences and control characters: names and log lines come from outside. */
function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

/** Breaks at blanks, and within a word only if it is wider than a line. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (columns(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const character of word) {
      if (columns(line + character) > width) {
        lines.push(line);
        line = '';
      }
      line += character;
    }
  }
  lines.push(line);
  return lines;
}

function pad(text: string, width: number, right = false): string {
  const blanks = ' '.repeat(Math.max(0, width - columns(text)));
  return right ? blanks + text : text + blanks;
}

function recovery(result: RecoveryResult | undefined): string {
  if (result === undefined) return '-';
  return result.firstCommit === null ? 'never' : duration(result.firstCommit);
}

interface Column {
  readonly head: string;
  readonly width: number;
  readonly right?: boolean;
  readonly cell: (scenario: ScenarioResult) => string;
}

const share = (value: number | null) => (value === null ? '-' : percent(value).replace(' ', ''));

const NARROWEST_NAME = 12;

/**
 * A column for each orderer; where the terminal has no room for all, one for the slowest of them, so that none that did
 * not come back is left out.
 *
 * @param room characters for all of them, gaps included
 */
function recoveryColumns(names: readonly string[], room: number): readonly Column[] {
  const column = (head: string, of: readonly string[]): Column => ({
    head,
    width: Math.max(8, columns(head)),
    right: true,
    cell: (scenario) => recovery(slowestRecovery(scenario, of)),
  });
  const each = names.map((name) => column(columns(name) <= 8 ? name : name.slice(-8), [name]));
  const needed = each.reduce((sum, { width }) => sum + width + 2, 0);
  return needed <= room ? each : [column('Recovered', names)];
}

function layout(run: RunResult, width: number): readonly Column[] {
  const forgets = run.scenarios.some((scenario) => neverOrdered(scenario) > 0);
  const result: Column = {
    head: 'Result',
    width: 11,
    cell: ({ status }) => statusWord(status),
  };
  const others: readonly Column[] = [
    {
      head: 'Ok during',
      width: 9,
      right: true,
      cell: ({ faults, load }) => share(okShare(faults.length ? load.during : load.before)),
    },
    ...(forgets
      ? [
          {
            head: 'Unordered',
            width: 9,
            right: true,
            cell: (scenario: ScenarioResult) => String(neverOrdered(scenario)),
          },
        ]
      : []),
    { head: 'Audit', width: 15, cell: auditWords },
  ];
  const used = (these: readonly Column[]) => these.reduce((sum, one) => sum + one.width + 2, 0);
  const room = width - used([result, ...others]) - NARROWEST_NAME;
  const fixed = [result, ...recoveryColumns(ordererNames(run), room), ...others];
  return [
    {
      head: 'Scenario',
      width: Math.max(NARROWEST_NAME, width - used(fixed)),
      cell: ({ name }) => plain(name),
    },
    ...fixed,
  ];
}

/** Room for seven digits, or the word above them, and a gap. */
const countWidths = COLUMNS.map(({ word }) => Math.max(9, word.length + 2));

/** What clients were told in each scenario that has a load, in five columns. */
function operationsTable(
  scenarios: readonly ScenarioResult[],
  width: number,
  heading: (text: string) => string,
): readonly string[] {
  const loaded = worstFirst(scenarios).filter((scenario) => total(inAll(scenario)) > 0);
  if (loaded.length === 0) return [];
  const room = width - countWidths.reduce((sum, one) => sum + one, 0);
  const row = (name: string, cells: readonly string[]) =>
    (
      pad(name, room) +
      cells.map((cell, index) => pad(cell, countWidths[index] ?? 0, true)).join('')
    ).trimEnd();
  return [
    '',
    heading(
      row(
        'Operations',
        COLUMNS.map(({ word }) => word),
      ),
    ),
    '-'.repeat(width),
    ...loaded.flatMap((scenario) => {
      const counts = inAll(scenario);
      const [first = '', ...more] = wrap(plain(scenario.name), room);
      const cells = COLUMNS.map(({ column }) => String(counts[column]));
      return [row(first, cells), ...more];
    }),
  ];
}

/**
 * The scorecard for a terminal.
 *
 * @returns lines joined by `\n`, none wider than `width` (if that is at least 72), ending with where to look. The
 *   closing line is not in it: see `closingLine`.
 */
export function formatScorecard(run: RunResult, options: ScorecardOptions): string {
  const width = Math.max(72, options.width);
  const paint = (code: number, text: string) =>
    options.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const colourOf = (status: string) =>
    status === 'passed' ? 32 : status === 'not-run' ? 90 : status === 'flaky' ? 33 : 31;

  const table = layout(run, width);
  const out: string[] = [];
  const facts = [
    `Run ${run.id}`,
    `seed ${run.seed}`,
    `topology ${run.network.topology}`,
    runDuration(run) ?? 'did not end',
  ];
  out.push(...wrap(facts.join('   '), width));
  for (const { component, served } of standIns(run)) {
    out.push(...wrap(`${component} served by ${plain(served)}`, width));
  }
  for (const problem of run.problems) {
    const [first = '', ...more] = wrap(plain(problem), width - 2);
    out.push('', paint(31, `! ${first}`), ...more.map((line) => `  ${line}`));
  }

  if (run.scenarios.length > 0) {
    const row = (cells: readonly string[]) =>
      cells
        .map((cell, index) => pad(cell, table[index]?.width ?? 0, table[index]?.right))
        .join('  ')
        .trimEnd();
    out.push('', paint(1, row(table.map(({ head }) => head))), '-'.repeat(width));
    for (const scenario of worstFirst(run.scenarios)) {
      const [name = '', ...rest] = table.map(({ cell }) => cell(scenario));
      const names = wrap(name, table[0]?.width ?? 0);
      const [first = '', ...more] = names;
      const line = row([first, ...rest]);
      const word = statusWord(scenario.status);
      const at = (table[0]?.width ?? 0) + 2 - (columns(first) - [...first].length);
      out.push(
        [...line].slice(0, at).join('') +
          paint(colourOf(scenario.status), word) +
          [...line].slice(at + word.length).join(''),
        ...more,
      );
      const why = headline(scenario);
      if (why !== undefined) {
        out.push(...wrap(plain(why), width - 4).map((part) => `    ${paint(90, part)}`));
      }
    }
  }

  out.push(...operationsTable(run.scenarios, width, (text) => paint(1, text)));
  const states = statesOfFailed(run);
  out.push('', `Verdict: ${runVerdict(run)}${states === '' ? '' : ` (of the failed ${states})`}`);
  const verified = verifiedLine(run.scenarios.map(({ audit }) => audit));
  if (verified !== undefined) out.push(`Audited: ${verified}`);
  if (options.report !== undefined) out.push(`Report:  ${options.report}`);
  return out.join('\n');
}
