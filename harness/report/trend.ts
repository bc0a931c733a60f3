import type { RunResult, ScenarioResult, ScenarioStatus } from './model.ts';
import { applicable, okShare } from './summary.ts';

/** What was measured at one time, e.g. in one night: any number of runs. */
export interface Night {
  readonly name: string;
  readonly runs: readonly RunResult[];
  /** Results of benchmarks by name: any JSON with numbers in it. */
  readonly benches: Readonly<Record<string, unknown>>;
}

/** What is followed from night to night. */
export type Measure = 'recovery' | 'share ok' | 'throughput' | 'start' | 'audit' | 'bench';

export interface Series {
  readonly measure: Measure;
  /** Placement; empty for a benchmark. */
  readonly topology: string;
  /** Scenario, or the path of a benchmark's number; empty for `start`. */
  readonly subject: string;
  readonly unit: 'ms' | 's' | 'share' | 'per second' | 'open' | '';
  /** One for each night, the median of its runs; `null` where there was none. */
  readonly values: readonly (number | null)[];
  /** The newest value is at least twice as bad as the one before it; for a benchmark, twice or half of it. */
  readonly doubled: boolean;
}

/** How often a scenario passed under a placement in the newest night. */
export interface Survival {
  readonly scenario: string;
  readonly topology: string;
  readonly passed: number;
  /** Runs in which it should have run. */
  readonly of: number;
  /** Statuses other than passed. */
  readonly others: readonly ScenarioStatus[];
  /** Against the night before, where it ran then as well. */
  readonly change: 'new' | 'broken' | 'mended' | 'same';
}

export interface Trend {
  readonly nights: readonly string[];
  readonly survival: readonly Survival[];
  /** `scenario (placement)` that ran in the night before, and did not now. */
  readonly gone: readonly string[];
  readonly series: readonly Series[];
}

interface Definition {
  readonly measure: Measure;
  readonly unit: Series['unit'];
  /** How bad a value is: the greater, the worse. */
  readonly badness: (value: number) => number;
  /** Less badness than this more is noise, however small the value before was. */
  readonly noise: number;
  readonly of: (scenario: ScenarioResult) => number | null;
}

const same = (value: number) => value;

const definitions: readonly Definition[] = [
  {
    measure: 'recovery',
    unit: 'ms',
    badness: same,
    noise: 1_000,
    of: ({ recovery }) => {
      if (recovery.length === 0) return null;
      // One that never came counts as what it was allowed at least.
      return Math.max(...recovery.map(({ firstCommit, budget }) => firstCommit ?? budget));
    },
  },
  {
    measure: 'share ok',
    unit: 'share',
    badness: (share) => 1 - share,
    noise: 0.05,
    of: ({ load, faults }) => okShare(faults.length > 0 ? load.during : load.before),
  },
  {
    measure: 'throughput',
    unit: 'per second',
    badness: (rate) => 1 / Math.max(rate, 1e-3),
    noise: 0,
    of: ({ load: { series } }) => {
      if (series.length === 0) return null;
      return series.reduce((sum, { ok }) => sum + ok, 0) / series.length;
    },
  },
  {
    measure: 'audit',
    unit: 'open',
    badness: same,
    noise: 0,
    of: ({ audit }) =>
      audit?.checks.filter((check) => applicable(check) && check.verdict !== 'valid').length ??
      null,
  },
];

const START_NOISE_SECONDS = 5;

/** Compares nights, the oldest first. */
export function trendOf(nights: readonly Night[]): Trend {
  const last = nights.at(-1);
  const before = nights.at(-2);
  const survival = last ? survivalOf(last, before) : [];
  const now = new Set(survival.map(place));
  return {
    nights: nights.map(({ name }) => name),
    survival,
    gone: before
      ? survivalOf(before, undefined)
          .map(place)
          .filter((each) => !now.has(each))
      : [],
    series: [...scenarioSeries(nights), ...startSeries(nights), ...benchSeries(nights)],
  };
}

const place = ({ scenario, topology }: Survival) => `${scenario} (${topology})`;

/** Every result of a scenario in a night with its placement. */
const results = ({ runs }: Night) =>
  runs.flatMap(({ network, scenarios }) =>
    scenarios.map((scenario) => ({ topology: network.topology, scenario })),
  );

function survivalOf(night: Night, before: Night | undefined): Survival[] {
  const count = (of: Night | undefined, name: string, topology: string) => {
    const all = of
      ? results(of).filter((r) => r.scenario.name === name && r.topology === topology)
      : [];
    return { all, passed: all.filter(({ scenario }) => scenario.status === 'passed').length };
  };
  return pairs([night]).map(({ topology, name }) => {
    const { all, passed } = count(night, name, topology);
    const then = count(before, name, topology);
    const [whole, wasWhole] = [passed === all.length, then.passed === then.all.length];
    return {
      scenario: name,
      topology,
      passed,
      of: all.length,
      others: all.flatMap(({ scenario: { status } }) => (status === 'passed' ? [] : [status])),
      change:
        then.all.length === 0 ? 'new' : whole === wasWhole ? 'same' : whole ? 'mended' : 'broken',
    };
  });
}

/** Scenario and placement, in the order in which they are met. */
function pairs(nights: readonly Night[]): { topology: string; name: string }[] {
  const seen = new Map<string, { topology: string; name: string }>();
  for (const { topology, scenario } of nights.flatMap(results)) {
    seen.set(JSON.stringify([scenario.name, topology]), { topology, name: scenario.name });
  }
  return [...seen.values()];
}

function scenarioSeries(nights: readonly Night[]): Series[] {
  return definitions.flatMap(({ measure, unit, badness, noise, of }) =>
    pairs(nights).flatMap(({ topology, name }) => {
      const values = nights.map((night) =>
        median(
          results(night)
            .filter((r) => r.topology === topology && r.scenario.name === name)
            // What was cut short measured something else.
            .filter((r) => r.scenario.status !== 'not-run' && r.scenario.status !== 'interrupted')
            .flatMap((r) => of(r.scenario) ?? []),
        ),
      );
      return series({ measure, topology, subject: name, unit, values }, badness, noise);
    }),
  );
}

function startSeries(nights: readonly Night[]): Series[] {
  const topologies = new Set(nights.flatMap(({ runs }) => runs.map((r) => r.network.topology)));
  return [...topologies].flatMap((topology) => {
    const values = nights.map(({ runs }) =>
      median(
        runs
          .filter(({ network }) => network.topology === topology)
          .flatMap(({ network }) => network.start ?? []),
      ),
    );
    const one = { measure: 'start', topology, subject: '', unit: 's', values } as const;
    return series(one, same, START_NOISE_SECONDS);
  });
}

function benchSeries(nights: readonly Night[]): Series[] {
  const numbers = nights.map(({ benches }) => new Map(numbersIn(benches, [])));
  const subjects = new Set(numbers.flatMap((each) => [...each.keys()]));
  return [...subjects].map((subject) => {
    const values = numbers.map((each) => each.get(subject) ?? null);
    const [before, now] = lastTwo(values);
    const ratio = before && now ? now / before : 1;
    const doubled = ratio >= 2 || ratio <= 0.5;
    return { measure: 'bench', topology: '', subject, unit: '', values, doubled };
  });
}

/** Numbers of a JSON value by their path; those in lists are left out, since lists differ in length and order. */
function numbersIn(value: unknown, at: readonly string[]): [string, number][] {
  if (typeof value === 'number') return [[at.join(' '), value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => numbersIn(each, [...at, key]));
}

/** The series, unless it never had a value. */
function series(
  one: Omit<Series, 'doubled'>,
  badness: (value: number) => number,
  noise: number,
): Series[] {
  if (one.values.every((value) => value === null)) return [];
  const [before, now] = lastTwo(one.values);
  const doubled =
    before !== null &&
    now !== null &&
    badness(now) >= 2 * badness(before) &&
    badness(now) - badness(before) > noise;
  return [{ ...one, doubled }];
}

/** The newest value, and the one before it: a night without one in between does not hide a change. */
function lastTwo(values: readonly (number | null)[]): [number | null, number | null] {
  const earlier = values.slice(0, -1).findLast((value) => value !== null);
  return [earlier ?? null, values.at(-1) ?? null];
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle];
  if (high === undefined) return null;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
