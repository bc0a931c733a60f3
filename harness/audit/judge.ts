import { faultResults } from '../faults/result.ts';
import { COMPLETE, INTERRUPTED, TIMED_OUT } from '../workload/history.ts';
import { indexHistory, isMarked, type RecordedHistory } from '../workload/history-index.ts';
import { loadResult } from '../workload/statistics/load.ts';
import type { BlockSeen } from '../workload/statistics/model.ts';
import { NO_GOAL } from '../workload/statistics/outages.ts';
import { recovery } from '../workload/statistics/recovery.ts';
import { audit } from './audit.ts';
import type { Check } from './checker.ts';
import { faultsTookEffect, stepsAsExpected } from './checks/declared.ts';
import { componentStates } from './component-states.ts';
import { openEvidence } from './evidence.ts';
import { findExcerpts } from './excerpts.ts';
import { LEDGER_CHECKS } from './ledger-checks.ts';
import type { ExpectationResult, Verdict } from './model.ts';
import { problemsOf } from './problems.ts';
import type { Recording, ScenarioFacts, ScenarioPlace } from './recording.ts';
import type { ScenarioResult, ScenarioStatus } from './result.ts';

const NOWHERE: Omit<ScenarioPlace, 'name'> = {
  folder: '',
  file: '',
  line: 1,
  suite: '',
  channel: '',
};

/**
 * Makes the whole result of a scenario from its evidence alone, live and at any later time by the same code: the same
 * folder gives the same result.
 *
 * @param folder the scenario's, see `evidence.ts`
 * @param checks other than all; for a run that is judged by the checks of its time
 * @throws Error when there is no `scenario.json` of this version
 */
export function judge(folder: string, checks?: readonly Check[]): ScenarioResult {
  const recording = openEvidence(folder);
  const { scenario } = recording;
  const history = indexHistory(recording.history);
  const hasLedger = Object.keys(scenario.channels).length > 0;
  const wanted = checks ?? (scenario.kind === 'ledger' ? LEDGER_CHECKS : undefined);
  const audited = hasLedger ? audit(recording, wanted) : null;
  const declared = audited?.checks ?? [
    faultsTookEffect.run(recording, history),
    stepsAsExpected.run(recording, history),
  ];
  const expectations = declared.flatMap((check) => check.expectations ?? []);
  const problems = problemsOf(troubles(scenario, history, expectations), expectations, audited);
  const status = statusOf(scenario, history, problems);
  const { recovery: goal = NO_GOAL } = scenario.expectations ?? {};
  const { name, place: { name: _, ...place } = { name, ...NOWHERE }, begunAt = 0 } = scenario;
  const components = Map.groupBy(scenario.components ?? [], ({ machine }) => machine);
  return asControl(scenario, {
    name,
    ...place,
    status,
    startedAt: begunAt,
    duration: Math.max(0, endOf(history) - begunAt),
    faults: faultResults(history.faults),
    expectations,
    audit: audited,
    recovery: hasLedger ? recovery(history, goal) : [],
    ...(scenario.client === undefined ? {} : { client: scenario.client }),
    load: loadResult(hasLedger ? history : indexHistory([]), {
      blocks: blocksSeen(recording),
      goal,
      backlogBudget: scenario.expectations?.recovery?.backlog ?? null,
    }),
    problems,
    states: componentStates(
      readable(recording.engineEvents),
      new Map([...components].map(([machine, own]) => [machine, own.map((c) => c.name)])),
    ),
    excerpts:
      status === 'passed' ? [] : findExcerpts(folder, place.folder, scenario.allowedLogs ?? []),
  });
}

/** What a result comes to: invalid if something is wrong, unknown if nothing is but too little was seen. */
export function verdictOf({ status, expectations, audit: audited }: ScenarioResult): Verdict {
  if (status === 'passed') return 'valid';
  if (audited?.verdict === 'invalid') return 'invalid';
  if (status !== 'failed') return 'unknown';
  if (expectations.some(({ met }) => !met)) return 'invalid';
  return audited?.verdict === 'unknown' ? 'unknown' : 'invalid';
}

function troubles(
  scenario: ScenarioFacts,
  history: RecordedHistory,
  expectations: readonly ExpectationResult[],
): string[] {
  const lines = [...history.troubles];
  if (scenario.thrown !== undefined) lines.push(`gave no result: ${scenario.thrown}`);
  if (scenario.kind === 'check' && expectations.length === 0 && lines.length === 0) {
    lines.push('nothing was checked');
  }
  if (scenario.place && !isMarked(history, COMPLETE)) {
    lines.push('its process ended before its evidence was complete');
  }
  return lines;
}

function statusOf(
  { place }: ScenarioFacts,
  history: RecordedHistory,
  problems: readonly string[],
): ScenarioStatus {
  if (isMarked(history, TIMED_OUT)) return 'timed-out';
  if (isMarked(history, INTERRUPTED)) return 'interrupted';
  if (place && !isMarked(history, COMPLETE)) return 'interrupted';
  return problems.length > 0 ? 'failed' : 'passed';
}

/** When the last thing was recorded. */
function endOf({ marks }: RecordedHistory): number {
  return marks.at(-1)?.at ?? 0;
}

/** Blocks as the first peer told them. */
function blocksSeen(recording: Recording): BlockSeen[] {
  return Object.entries(recording.scenario.channels).flatMap(([channel, { peers }]) => {
    const first = recording.events(channel).find(({ peer }) => peer === peers[0]);
    return readable(first?.events ?? []).map(({ block, at, transactions }) => ({
      at,
      number: block,
      transactions: transactions.length,
    }));
  });
}

/** What comes before the damage, if a file is damaged. */
function readable<T>(items: Iterable<T>): T[] {
  const read: T[] = [];
  try {
    for (const item of items) read.push(item);
  } catch {
    // The checks that judge by this file say so.
  }
  return read;
}

/** A negative control passes when it fails, and for the right reason. */
function asControl({ control }: ScenarioFacts, result: ScenarioResult): ScenarioResult {
  if (!control || (result.status !== 'failed' && result.status !== 'passed')) return result;
  const because = new RegExp(control.because, control.flags);
  const right = result.problems.find((problem) => because.test(problem));
  const met = result.status === 'failed' && right !== undefined;
  const told = result.problems.join('; ');
  return {
    ...result,
    status: met ? 'passed' : 'failed',
    expectations: [
      {
        id: 'S3',
        name: 'turns red for the right reason',
        met,
        expected: `a problem that matches ${because}`,
        seen: right ?? (told || 'a green scenario'),
      },
      ...result.expectations,
    ],
    problems: met ? [] : [`expected a problem that matches ${because}, seen: ${told || 'none'}`],
  };
}
