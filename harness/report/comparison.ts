import { cell as cellText } from './github.ts';
import type { RunResult, ScenarioResult, ScenarioStatus } from './model.ts';
import { duration, neverOrdered, okShare, percent, statusWord } from './summary.ts';

/** What one scenario came to under one placement. */
export interface Cell {
  readonly status: ScenarioStatus;
  /** Longest time between two blocks with transactions, from the first fault on; ms, `null` without faults. */
  readonly standstill: number | null;
  /** Slowest recovery through an orderer; ms, `null` without faults or where one never recovered. */
  readonly recovery: number | null;
  /** Share of operations that were ok while faults were in force, or without any in all the load; 0…1. */
  readonly answered: number | null;
  /** Transactions that were acknowledged and never ordered, as the ordering service may. */
  readonly neverOrdered: number;
  /** Checks of the audit that found something that must not be. */
  readonly invalid: readonly string[];
}

/** Scenarios by placement: what each survives, and at what price. */
export interface Comparison {
  readonly placements: readonly string[];
  readonly rows: readonly {
    readonly scenario: string;
    /** One for each placement; `null` where it did not run. */
    readonly cells: readonly (Cell | null)[];
  }[];
}

/** Puts runs side by side; of several runs of a scenario under one placement the newest counts. */
export function compareRuns(runs: readonly RunResult[]): Comparison {
  const newestFirst = runs.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt));
  const placements = [...new Set(runs.map(({ network }) => network.topology))];
  const names = [
    ...new Set(runs.flatMap(({ scenarios }) => scenarios.map((scenario) => scenario.name))),
  ];
  const find = (name: string, placement: string) =>
    newestFirst
      .filter(({ network }) => network.topology === placement)
      .flatMap(({ scenarios }) => scenarios)
      .find((scenario) => scenario.name === name && scenario.status !== 'not-run');
  const rows = names.map((scenario) => ({
    scenario,
    cells: placements.map((placement) => {
      const found = find(scenario, placement);
      return found ? cellOf(found) : null;
    }),
  }));
  return { placements, rows: rows.filter(({ cells }) => cells.some((cell) => cell !== null)) };
}

function cellOf(scenario: ScenarioResult): Cell {
  const { status, faults, recovery, load, audit } = scenario;
  const slowest = recovery.map(({ firstCommit }) => firstCommit);
  return {
    status,
    standstill: standstill(scenario),
    recovery:
      slowest.length === 0 || slowest.includes(null)
        ? null
        : Math.max(...slowest.map((ms) => ms ?? 0)),
    answered: okShare(faults.length > 0 ? load.during : load.before),
    neverOrdered: neverOrdered(scenario),
    invalid: audit?.checks.flatMap(({ id, verdict }) => (verdict === 'invalid' ? [id] : [])) ?? [],
  };
}

function standstill({ faults, load: { blocks, series } }: ScenarioResult): number | null {
  const [first] = faults.map(({ injectedAt }) => injectedAt).sort((a, b) => a - b);
  const end = series.at(-1)?.at;
  if (first === undefined || end === undefined) return null;
  const times = blocks
    .filter(({ transactions, at }) => transactions > 0 && at <= end)
    .map(({ at }) => at)
    .sort((a, b) => a - b);
  const before = times.findLast((at) => at <= first) ?? first;
  const seen = [before, ...times.filter((at) => at > first), end];
  return Math.max(...seen.slice(1).map((at, index) => at - (seen[index] ?? at)));
}

/** A cell in words, worst first: `survived, stood still 4.2 s, recovered in 1.0 s, 96 % answered`. */
export function cellWords(cell: Cell | null): string {
  if (!cell) return 'not run';
  const { status, invalid } = cell;
  const verdict =
    status === 'passed'
      ? 'survived'
      : `${statusWord(status)}${invalid.length > 0 ? ` (${invalid.join(' ')})` : ''}`;
  return [
    verdict,
    ...(cell.standstill === null ? [] : [`stood still ${duration(cell.standstill)}`]),
    ...(cell.recovery === null ? [] : [`recovered in ${duration(cell.recovery)}`]),
    ...(cell.answered === null ? [] : [`${percent(cell.answered)} answered`]),
    ...(cell.neverOrdered > 0 ? [`${cell.neverOrdered} acknowledged, never ordered`] : []),
  ].join(', ');
}

/** The comparison as a table in Markdown. */
export function comparisonMarkdown({ placements, rows }: Comparison): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(' | ')} |`;
  return [
    line(['scenario', ...placements]),
    line(['---', ...placements.map(() => '---')]),
    ...rows.map(({ scenario, cells }) => line([scenario, ...cells.map(cellWords)])),
  ].join('\n');
}
