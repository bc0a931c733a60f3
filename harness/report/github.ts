import { realpathSync } from 'node:fs';
import path from 'node:path';
import * as core from '@actions/core';
import type { RunResult, ScenarioResult } from './model.ts';
import {
  auditWords,
  COLUMNS,
  checksWorstFirst,
  closingLine,
  duration,
  headline,
  inAll,
  isOutside,
  okShare,
  percent,
  recoveryColumns,
  repeatCommand,
  runDuration,
  runVerdict,
  shownFile,
  slowestRecovery,
  standIns,
  statusWord,
  tally,
  total,
  worstFirst,
} from './summary.ts';

/**
 * What GitHub shows of a run: the job summary, annotations on the lines of the scenarios that failed, and outputs for
 * later steps. All of it through the runner's environment files and commands, so nothing here needs the network.
 */

/** GitHub keeps ten annotations of a level for each step and drops the rest without a word. */
const MOST_ANNOTATIONS = 10;

const signs: Readonly<Record<ScenarioResult['status'], string>> = {
  passed: '✅',
  failed: '❌',
  flaky: '⚠️',
  interrupted: '⏹️',
  'timed-out': '⌛',
  'not-run': '➖',
};

/** Text for a Markdown table's cell: no markup of its own, no line break, no new column. */
export function cell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>#|~@&$]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** What clients were told in each scenario that has a load, in five columns. */
function operations(scenarios: readonly ScenarioResult[]): string[] {
  const loaded = worstFirst(scenarios).filter((scenario) => total(inAll(scenario)) > 0);
  if (loaded.length === 0) return [];
  return [
    '',
    row(['Operations', ...COLUMNS.map(({ word }) => word)]),
    row(['---', ...COLUMNS.map(() => '---:')]),
    ...loaded.map((scenario) => {
      const counts = inAll(scenario);
      return row([cell(scenario.name), ...COLUMNS.map(({ column }) => String(counts[column]))]);
    }),
  ];
}

/** The scorecard as a Markdown table, with what led to it and how to repeat it. */
export function jobSummary(run: RunResult, report: string): string {
  const measured = run.scenarios.some(({ recovery }) => recovery.length > 0);
  const columns = measured ? recoveryColumns(run) : [];
  const share = (scenario: ScenarioResult, phase: 'before' | 'during' | 'after') =>
    percent(okShare(scenario.load[phase]));
  const recovered = (scenario: ScenarioResult, orderers: readonly string[]) => {
    const result = slowestRecovery(scenario, orderers);
    if (result === undefined) return '–';
    return result.firstCommit === null ? '**never**' : duration(result.firstCommit);
  };
  const lines = [
    `## Resilience: ${runVerdict(run)} (${closingLine(run)})`,
    '',
    [
      `seed ${run.seed}`,
      `topology ${cell(run.network.topology)}`,
      runDuration(run) ?? 'did not end',
      ...standIns(run).map(({ component, served }) => `${component}: ${cell(served)}`),
    ].join(' · '),
    '',
  ];
  for (const problem of run.problems) lines.push(`- ${cell(problem)}`);
  if (run.problems.length > 0) lines.push('');
  if (run.scenarios.length > 0) {
    lines.push(
      row([
        'Scenario',
        'Verdict',
        ...columns.map(({ head }) => `Recovery ${cell(head)}`),
        'Ok before',
        'during',
        'after',
        'Audit',
      ]),
      row(['---', '---', ...columns.map(() => '---:'), '---:', '---:', '---:', '---']),
    );
    for (const scenario of worstFirst(run.scenarios)) {
      const why = headline(scenario);
      lines.push(
        row([
          cell(scenario.name) + (why === undefined ? '' : `<br><sub>${cell(why)}</sub>`),
          `${signs[scenario.status]} ${statusWord(scenario.status)}`,
          ...columns.map(({ orderers }) => recovered(scenario, orderers)),
          share(scenario, 'before'),
          share(scenario, 'during'),
          share(scenario, 'after'),
          auditWords(scenario),
        ]),
      );
    }
    lines.push(...operations(run.scenarios));
  } else {
    lines.push('No scenario ran.');
  }
  lines.push(
    '',
    `Repeat with \`${repeatCommand(run)}\`. The full report is \`${report}\` in the run's artefacts.`,
    '',
  );
  return lines.join('\n');
}

interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/**
 * Errors for what failed, warnings for what is flaky or could not be decided.
 *
 * @param workspace the caller's repository, absolute. GitHub can show lines of its files only, so an annotation for a
 *   scenario from elsewhere, such as one that comes with the harness, names no file
 */
export function annotations(run: RunResult, workspace: string): readonly Annotation[] {
  const place = (scenario: ScenarioResult) => {
    const file = shownFile(scenario, workspace);
    return path.isAbsolute(file) ? {} : { file, line: scenario.line };
  };
  const all: Annotation[] = run.problems.map((message) => ({
    level: 'error',
    title: 'Run failed',
    message,
  }));
  for (const scenario of worstFirst(run.scenarios)) {
    const why = headline(scenario);
    if (scenario.status !== 'passed' && scenario.status !== 'not-run') {
      all.push({
        level: scenario.status === 'flaky' ? 'warning' : 'error',
        title: `${scenario.name}: ${statusWord(scenario.status)}`,
        message: [why, ...scenario.problems.slice(1), `seed ${run.seed}`].join('\n'),
        ...place(scenario),
      });
    }
    if (scenario.audit?.verdict === 'unknown') {
      const open = checksWorstFirst(scenario.audit.checks).filter(
        (check) => check.verdict === 'unknown' && check.applicable !== false,
      );
      all.push({
        level: 'warning',
        title: `${scenario.name}: audit could not decide`,
        message: open
          .map(({ id, name, reason }) => `${id} ${name}: ${reason ?? 'no reason given'}`)
          .join('\n'),
        ...place(scenario),
      });
    }
  }
  return all;
}

const say = { error: core.error, warning: core.warning };

function annotate(list: readonly Annotation[], report: string): void {
  for (const level of ['error', 'warning'] as const) {
    const own = list.filter((annotation) => annotation.level === level);
    const shown = own.length > MOST_ANNOTATIONS ? own.slice(0, MOST_ANNOTATIONS - 1) : own;
    for (const { title, message, file, line } of shown) {
      say[level](message, {
        title,
        ...(file === undefined ? {} : { file }),
        ...(line === undefined ? {} : { startLine: line }),
      });
    }
    if (shown.length < own.length) {
      say[level](`${own.length - shown.length} more; see ${report}`, { title: 'And more' });
    }
  }
}

/** Scenario files are recorded without links in their paths. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/**
 * Tells GitHub about a run: job summary, annotations, and the outputs `verdict`, `report`, `results`, `passed`
 * and `failed`.
 *
 * @param report path of `index.html`
 * @returns `false` where there is no GitHub to tell (`GITHUB_ACTIONS` is not `true`)
 */
export async function reportToGitHub(
  run: RunResult,
  report: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  if (environment.GITHUB_ACTIONS !== 'true') return false;
  const workspace = environment.GITHUB_WORKSPACE ?? process.cwd();
  const relative = path.relative(workspace, report);
  const shown = isOutside(relative) ? report : relative;
  annotate(annotations(run, realFolder(workspace)), shown);
  const { passed, failed } = tally(run);
  core.setOutput('verdict', runVerdict(run));
  core.setOutput('report', shown);
  core.setOutput('results', path.join(path.dirname(shown), 'results.json'));
  core.setOutput('passed', passed);
  core.setOutput('failed', failed);
  if (environment.GITHUB_STEP_SUMMARY) {
    await core.summary.addRaw(jobSummary(run, shown), true).write();
  }
  return true;
}
