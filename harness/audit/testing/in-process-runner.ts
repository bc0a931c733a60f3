import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  type CompleteDryRunResult,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { expect } from 'expect';

/**
 * Test runner for Stryker that loads the audit's tests once and runs them in the same process for every mutant, since
 * Stryker's own switch selects the mutant at run time. Under jest every mutant loads all test files anew: 12 s each,
 * nine hours in all; this way it is some ten milliseconds. Works because the audit is pure: no test leaves anything
 * behind in the process. `MUTATION_TESTS`, a regular expression, leaves all test files but some out: a check is then
 * changed under its own tests alone, which is quicker, and can only make the score lower. Mutants of what is computed while loading get a fresh process, which Stryker takes care of.
 */

/** Asked late: Stryker changes to its sandbox after it has loaded this file. */
const root = (): string => join(process.cwd(), 'harness');

/** The audit's tests, those of what ordering services bring among them. */
const OF_THE_AUDIT = /^audit\/.*\.test\.ts$/;
/** They run everything, so every mutant is theirs: what a cheaper test finds must not wait for them. */
const LAST = /(judge|saved-runs|forging|golden-network)\.test\.ts$/;

interface Test {
  readonly id: string;
  readonly file: string;
  readonly before: readonly Body[];
  readonly after: readonly Body[];
  readonly body: Body;
}

type Body = () => unknown;

/** Stryker's side of the instrumented code. */
interface Switch {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: CompleteDryRunResult['mutantCoverage'];
}

const stryker = (): Switch => {
  const place = globalThis as { __stryker__?: Switch };
  place.__stryker__ ??= {};
  return place.__stryker__;
};

/** Collects what test files declare with describe, it, beforeEach and afterEach. */
class Collector {
  readonly tests: Test[] = [];
  #file = '';
  #path: string[] = [];
  #before: Body[] = [];
  #after: Body[] = [];

  async load(path: string): Promise<void> {
    this.#file = path;
    this.#path = [relative(root(), path)];
    this.#before = [];
    this.#after = [];
    await import(pathToFileURL(path).href);
  }

  install(): void {
    const describe = (name: string, body: Body): void => {
      const [path, before, after] = [this.#path, this.#before, this.#after];
      [this.#path, this.#before, this.#after] = [[...path, name], [...before], [...after]];
      body();
      [this.#path, this.#before, this.#after] = [path, before, after];
    };
    const it = (name: string, body: Body): void => {
      this.tests.push({
        id: `${this.#path.join(' › ')} › ${name} #${this.tests.length}`,
        file: this.#file,
        before: this.#before,
        after: this.#after,
        body,
      });
    };
    const each =
      (rows: readonly unknown[]) =>
      (name: string, body: (...args: unknown[]) => unknown): void => {
        for (const row of rows) {
          const args = Array.isArray(row) ? row : [row];
          it(format(name, ...args).slice(0, 120), () => body(...args));
        }
      };
    Object.assign(globalThis, {
      expect,
      describe,
      it: Object.assign(it, { each }),
      beforeEach: (body: Body) => this.#before.push(body),
      afterEach: (body: Body) => this.#after.push(body),
    });
  }
}

class InProcessRunner implements TestRunner {
  #tests: readonly Test[] | undefined;

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: false };
  }

  async #load(): Promise<readonly Test[]> {
    if (this.#tests) return this.#tests;
    const collector = new Collector();
    collector.install();
    const files = readdirSync(root(), { recursive: true, encoding: 'utf8' });
    const rank = (file: string): string => `${LAST.test(file) ? 1 : 0} ${file}`;
    const chosen = new RegExp(process.env['MUTATION_TESTS'] ?? '');
    const wanted = files.filter((file) => OF_THE_AUDIT.test(file) && chosen.test(file));
    for (const name of wanted.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))) {
      await collector.load(join(root(), name));
    }
    this.#tests = collector.tests;
    return collector.tests;
  }

  async dryRun(): Promise<DryRunResult> {
    return await this.#run(await this.#load(), true);
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, mutantActivation, testFilter, hitLimit, disableBail } = options;
    const control = stryker();
    if (mutantActivation === 'static') control.activeMutant = activeMutant.id;
    try {
      const all = await this.#load();
      const tests = testFilter ? all.filter(({ id }) => testFilter.includes(id)) : all;
      Object.assign(control, { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit && 0 });
      return toMutantRunResult(await this.#run(tests, disableBail));
    } catch (error) {
      // A mutant that keeps a file from loading is one that every test notices.
      const [reason] = String(error).split('\n');
      return toMutantRunResult({
        status: DryRunStatus.Complete,
        tests: [failed('loading', 0, String(reason))],
      });
    } finally {
      control.activeMutant = undefined;
    }
  }

  async #run(tests: readonly Test[], all: boolean): Promise<DryRunResult> {
    const control = stryker();
    const results: TestResult[] = [];
    for (const test of tests) {
      control.currentTestId = test.id;
      const result = await runTest(test);
      control.currentTestId = undefined;
      const exceeded = determineHitLimitReached(control.hitCount, control.hitLimit);
      if (exceeded) return exceeded;
      results.push(result);
      if (result.status === TestStatus.Failed && !all) break;
    }
    return {
      status: DryRunStatus.Complete,
      tests: results,
      ...(control.mutantCoverage && { mutantCoverage: control.mutantCoverage }),
    };
  }
}

async function runTest({ id, file, before, after, body }: Test): Promise<TestResult> {
  const started = performance.now();
  const spent = (): number => performance.now() - started;
  try {
    for (const hook of before) await hook();
    try {
      await body();
    } finally {
      for (const hook of after) await hook();
    }
    return { id, name: id, fileName: file, timeSpentMs: spent(), status: TestStatus.Success };
  } catch (error) {
    return failed(id, spent(), error instanceof Error ? error.message : String(error));
  }
}

const failed = (id: string, timeSpentMs: number, failureMessage: string): TestResult => ({
  id,
  name: id,
  timeSpentMs,
  status: TestStatus.Failed,
  failureMessage,
});

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.TestRunner, 'in-process', () => new InProcessRunner()),
];
