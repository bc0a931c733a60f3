import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { paths } from '../../audit/evidence.ts';
import { judge } from '../../audit/judge.ts';
import type { ScenarioPlace } from '../../audit/recording.ts';
import type { RunResult, ScenarioResult, ScenarioStatus } from '../../report/model.ts';
import { indexHistory } from '../../workload/history-index.ts';
import { loadResult } from '../../workload/statistics/load.ts';
import { type Declared, declaredBy, sourceName } from './declared.ts';

type State = RunResult['state'];

/** Why a scenario has no result, and what to call that. */
interface Absence {
  readonly status: ScenarioStatus;
  readonly problem: string;
}

/** The results of a run's scenarios: those that there are, and for each that is missing one that says so. */
export class Results {
  readonly #runFolder: string;
  readonly #files: readonly string[];
  readonly #suite: string;
  readonly #given = new Map<string, ScenarioResult>();

  /** @param files the scenario files of the run, in the order in which they run */
  constructor(runFolder: string, files: readonly string[], suite: string) {
    this.#runFolder = runFolder;
    this.#files = files.map(sourceName);
    this.#suite = suite;
  }

  /**
   * Looks again; results that are known already are not read again.
   *
   * @param state of the run, which tells what it means that a result is missing
   * @returns results in the order in which they started, then what is missing in the order in which it should have run
   */
  read(state: State): readonly ScenarioResult[] {
    this.#look();
    const given = [...this.#given.values()].sort((a, b) => a.startedAt - b.startedAt);
    return [...given, ...this.#missing(state)];
  }

  #look(): void {
    const folder = path.join(this.#runFolder, 'scenarios');
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      const file = path.join(folder, name, 'result.json');
      const key = `scenarios/${name}`;
      if (this.#given.has(key) || !existsSync(file)) continue;
      try {
        this.#given.set(key, JSON.parse(readFileSync(file, 'utf8')) as ScenarioResult);
      } catch {
        // being written; the next look reads it
      }
    }
  }

  #missing(state: State): ScenarioResult[] {
    const declared = declaredBy(this.#runFolder);
    const sources = new Set([...this.#files, ...declared.keys()]);
    return [...sources].flatMap((source, index) => {
      const scenarios = declared.get(source);
      if (!scenarios) {
        // Files are read one after the other: one that declared nothing before another was read never will.
        const over = this.#files.slice(index + 1).some((later) => declared.has(later));
        return [absent(this.#fileAsPlace(source), absenceOfFile(over ? 'completed' : state))];
      }
      return scenarios
        .filter(({ place }) => !this.#given.has(place.folder))
        .map((declared) => this.#withoutResult(declared, state));
    });
  }

  /** Of one that began and was cut off, what its evidence tells as far as it goes. */
  #withoutResult(declared: Declared, state: State): ScenarioResult {
    const { place, begunAt } = declared;
    const absence = absenceOf(declared, state);
    const folder = path.join(this.#runFolder, place.folder);
    if (begunAt === undefined || state === 'running' || !existsSync(paths.history(folder))) {
      return absent(place, absence, begunAt);
    }
    try {
      const { status, problem } = absence;
      const judged = judge(folder);
      return { ...judged, status, problems: [problem, ...judged.problems] };
    } catch {
      return absent(place, absence, begunAt);
    }
  }

  #fileAsPlace(file: string): ScenarioPlace {
    const suite = this.#suite;
    return { name: path.basename(file), folder: '', file, line: 1, suite, channel: '' };
  }
}

const notBegun: Readonly<Record<Exclude<State, 'completed'>, string>> = {
  running: 'has not begun',
  interrupted: 'the run was interrupted before it began',
  failed: 'the run failed before it began',
};

function absenceOfFile(state: State): Absence {
  if (state !== 'completed') return { status: 'not-run', problem: notBegun[state] };
  return { status: 'failed', problem: 'the file gave no result; its output is above' };
}

function absenceOf({ begunAt, thrown }: Declared, state: State): Absence {
  if (thrown !== undefined) return { status: 'failed', problem: `gave no result: ${thrown}` };
  if (begunAt === undefined) {
    if (state !== 'completed') return { status: 'not-run', problem: notBegun[state] };
    return {
      status: 'failed',
      problem: 'did not begin, and gave no result; the output of its file is above',
    };
  }
  if (state === 'running') return { status: 'interrupted', problem: 'has begun; no result yet' };
  if (state === 'interrupted') {
    return { status: 'interrupted', problem: 'began, and was interrupted before it gave a result' };
  }
  return { status: 'failed', problem: 'began, and gave no result; its output is above' };
}

function absent(
  { name, folder, file, line, suite, channel }: ScenarioPlace,
  { status, problem }: Absence,
  startedAt = 0,
): ScenarioResult {
  return {
    name,
    folder,
    file,
    line,
    suite,
    status,
    channel,
    startedAt,
    duration: 0,
    faults: [],
    expectations: [],
    audit: null,
    recovery: [],
    load: loadResult(indexHistory([])),
    problems: [problem],
    excerpts: [],
  };
}
