import type { RunResult, ScenarioResult } from './model.ts';
import { applicable, checksWorstFirst, headline, shownFile, statusWord, tally } from './summary.ts';

/** Escapes for text and attributes, and drops what XML 1.0 has no way to write (§2.2 Char). */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Line breaks stay as they are in element content. */
function content(text: string): string {
  return xml(text).replaceAll('&#10;', '\n').replaceAll('&#9;', '\t');
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);

/** Everything that tells a reader of the XML alone what went wrong. */
function story(scenario: ScenarioResult): string {
  const lines = [...scenario.problems];
  for (const { name, expected, seen } of scenario.expectations.filter(({ met }) => !met)) {
    lines.push(`expectation not met: ${name}: expected ${expected}, seen ${seen}`);
  }
  for (const check of checksWorstFirst((scenario.audit?.checks ?? []).filter(applicable))) {
    if (check.verdict === 'valid') break;
    lines.push(
      `${check.id} ${check.verdict}: ${check.name}${check.reason ? `: ${check.reason}` : ''}`,
    );
    for (const { message } of check.evidence.slice(0, 3)) lines.push(`  ${message}`);
  }
  for (const fault of scenario.faults.filter(({ confirmation }) => confirmation !== 'confirmed')) {
    lines.push(`fault ${fault.confirmation}: ${fault.kind} ${fault.role}: ${fault.evidence}`);
  }
  return lines.join('\n');
}

function outcome(scenario: ScenarioResult): string {
  const message = headline(scenario) ?? statusWord(scenario.status);
  const element = (name: string) =>
    `      <${name} message="${xml(message)}" type="${scenario.status}">${content(story(scenario))}</${name}>\n`;
  switch (scenario.status) {
    case 'passed':
      return '';
    case 'not-run':
      return `      <skipped message="${xml(message)}"/>\n`;
    case 'flaky':
      return element('flakyFailure');
    case 'failed':
      return element('failure');
    case 'interrupted':
    case 'timed-out':
      return element('error');
  }
}

function testCase(scenario: ScenarioResult): string {
  const body = outcome(scenario);
  const head = `    <testcase name="${xml(scenario.name)}" classname="${xml(scenario.suite)}" file="${xml(shownFile(scenario))}" line="${scenario.line}" time="${seconds(scenario.duration)}"`;
  return body === '' ? `${head}/>\n` : `${head}>\n${body}    </testcase>\n`;
}

/**
 * JUnit XML in the dialect of Maven Surefire 3, which knows `flakyFailure` and `error`: a flaky scenario is neither
 * a failure nor silently a pass. One test suite for each scenario suite; what failed outside any scenario is a test
 * case of its own, `run`, so that no run without scenarios looks empty and green.
 */
export function junit(run: RunResult): string {
  const suites = new Map<string, ScenarioResult[]>();
  for (const scenario of run.scenarios) {
    suites.set(scenario.suite, [...(suites.get(scenario.suite) ?? []), scenario]);
  }
  const properties = [
    ['run', run.id],
    ['seed', String(run.seed)],
    ['topology', run.network.topology],
    ...Object.entries(run.settings).map(([key, value]) => [`setting.${key}`, value]),
    ...Object.entries(run.versions).map(([key, value]) => [`version.${key}`, value]),
  ]
    .map(
      ([name = '', value = '']) => `      <property name="${xml(name)}" value="${xml(value)}"/>\n`,
    )
    .join('');
  const started = run.startedAt.replace(/(\.\d+)?Z$/, '');
  const count = (list: readonly ScenarioResult[], ...statuses: readonly string[]) =>
    list.filter(({ status }) => statuses.includes(status)).length;

  const rendered = [...suites].map(
    ([name, list]) =>
      `  <testsuite name="${xml(name)}" tests="${list.length}" failures="${count(list, 'failed')}" errors="${count(list, 'interrupted', 'timed-out')}" skipped="${count(list, 'not-run')}" time="${seconds(list.reduce((sum, { duration }) => sum + duration, 0))}" timestamp="${xml(started)}">\n    <properties>\n${properties}    </properties>\n${list.map(testCase).join('')}  </testsuite>\n`,
  );
  const scenarioFailures = count(run.scenarios, 'failed', 'interrupted', 'timed-out', 'flaky');
  const outside = [
    ...run.problems,
    ...(run.problems.length === 0 && run.state !== 'completed' && scenarioFailures === 0
      ? [`the run did not come to its end (state ${run.state})`]
      : []),
  ];
  if (outside.length > 0) {
    rendered.push(
      `  <testsuite name="run" tests="1" failures="0" errors="1" skipped="0" time="0.000" timestamp="${xml(started)}">\n    <properties>\n${properties}    </properties>\n    <testcase name="run" classname="run" time="0.000">\n      <error message="${xml(outside[0] ?? '')}" type="${run.state}">${content(outside.join('\n'))}</error>\n    </testcase>\n  </testsuite>\n`,
    );
  }
  const extra = outside.length > 0 ? 1 : 0;
  const total = tally(run);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="fabric-swarm-harness" tests="${run.scenarios.length + extra}" failures="${count(run.scenarios, 'failed')}" errors="${count(run.scenarios, 'interrupted', 'timed-out') + extra}" skipped="${total.skipped}" time="${seconds(run.scenarios.reduce((sum, { duration }) => sum + duration, 0))}">\n${rendered.join('')}</testsuites>\n`;
}
