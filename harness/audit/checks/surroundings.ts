import type { BadLine } from '../../ordering/bad-line.ts';
import { ORDERING_BAD_LINES } from '../../ordering/registry.ts';
import type { RunCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { AllowedLog, EnvironmentProbe, Recording } from '../recording.ts';

/** Sources: orderer/common/multichannel (Fabric 2.5), and what the runtimes print when they die. */
const BAD_LINES: readonly BadLine[] = [
  ...ORDERING_BAD_LINES,
  { pattern: /^panic:|\bPANI\b|goroutine \d+ \[running\]|\bpanic: /, meaning: 'panic' },
  { pattern: /\bFATA\b|\bFATAL\b|^fatal error:/, meaning: 'fatal error' },
  { pattern: /Ledger may be corrupted/i, meaning: 'corrupted ledger' },
  { pattern: /state ?DB recovery/i, meaning: 'state database in recovery' },
  { pattern: /running in compatibility mode/, meaning: 'capabilities missing' },
  { pattern: /discarding bad normal message/, meaning: 'an accepted transaction was dropped' },
  { pattern: /Halting of chain requested/, meaning: 'an orderer halted a channel' },
  {
    pattern: /java\.lang\.OutOfMemoryError|JavaScript heap out of memory/,
    meaning: 'out of memory',
  },
  { pattern: /unhandled ?rejection|UnhandledPromiseRejection/i, meaning: 'unhandled error' },
];

/** One expression for all, so that a clean line costs one match. */
const ANY_BAD = new RegExp(BAD_LINES.map(({ pattern }) => `(?:${pattern.source})`).join('|'), 'i');

/** What a line says that never belongs in a log; `undefined` of all other lines. */
export function badLine(line: string): string | undefined {
  if (!ANY_BAD.test(line)) return undefined;
  return BAD_LINES.find(({ pattern }) => pattern.test(line))?.meaning;
}

/**
 * Whether a component's line is part of the scenario.
 *
 * @throws SyntaxError when a pattern is no regular expression
 */
export function allowance(
  rules: readonly AllowedLog[],
): (component: string, line: string) => boolean {
  const allowed = rules.map(compile);
  return (component, line) => allowed.some((rule) => rule(component, line));
}

export const logsClean: RunCheck = {
  scope: 'run',
  definition: {
    id: 'F23',
    name: 'logs clean',
    guarantee:
      'Each component’s log is there from the beginning of the scenario to its end, and none panicked, lost data, gave up or ran out of memory, apart from what the scenario’s faults explain.',
  },
  run(recording) {
    const { logs, scenario, environment } = recording;
    const findings = new Findings(logsClean.definition);
    if (scenario.runByOthers) {
      findings.notApplicable('others run the network');
      return findings.result();
    }
    judgeWhole(recording, findings);
    const allowed = allowance(scenario.allowedLogs ?? []);
    for (const { component, lines } of logs) {
      findings.count('components');
      for (const line of lines) {
        findings.count('lines');
        const meaning = badLine(line);
        if (meaning === undefined) continue;
        if (allowed(component, line)) findings.count('allowed lines');
        else {
          findings.violation({
            sources: [component],
            message: `${component}: ${meaning}: ${line.slice(0, 200)}`,
          });
        }
      }
    }
    for (const { component, oomKilled } of environment?.after.containers ?? []) {
      if (!oomKilled || allowed(component, 'OOMKilled')) continue;
      findings.violation({
        sources: [component],
        message: `${component} was killed for lack of memory`,
      });
    }
    findings.floor('lines', 1);
    return findings.result();
  },
};

/** Whether each component's log is there, of every container that it had, and as long as it was when it was saved. */
function judgeWhole(
  { logs, savedLogs, scenario, engineEvents }: Recording,
  findings: Findings,
): void {
  const names = (scenario.components ?? []).map(({ name }) => name);
  const saved = new Map(savedLogs?.components.map((log) => [log.component, log]));
  for (const problem of savedLogs?.problems ?? []) {
    findings.unknown(`logs could not be read to their end: ${problem}`);
  }
  for (const { component, size } of logs) {
    const { bytes } = saved.get(component) ?? {};
    if (bytes === undefined || size === undefined || bytes === size) continue;
    findings.violation({
      sources: [component],
      message: `${component}: its log was cut or changed: ${bytes} bytes were saved, ${size} are there`,
    });
  }
  const missing = names.filter((name) => !logs.some(({ component }) => component === name));
  if (missing.length > 0) findings.unknown(`there is no log of ${missing.join(', ')}`);
  if (names.length === 0 || missing.length > 0) return;
  const unknown = names.filter((name) => !saved.has(name));
  if (unknown.length > 0) {
    findings.unknown(`nothing tells whether the log is whole of ${unknown.join(', ')}`);
  }
  const gaps = new Set<string>();
  try {
    for (const { type, action, component = '', id = '' } of engineEvents) {
      if (type !== 'container' || !['start', 'die'].includes(action)) continue;
      const known = saved.get(component)?.containers;
      if (known && !known.includes(id)) gaps.add(`${component} (container ${id})`);
    }
  } catch (error) {
    findings.unknown(`what the engines told cannot be read: ${(error as Error).message}`);
  }
  if (gaps.size > 0) {
    findings.unknown(`the log lacks what ended containers had logged: ${[...gaps].join(', ')}`);
  }
}

function compile({
  pattern,
  components,
}: AllowedLog): (component: string, line: string) => boolean {
  const expression = new RegExp(pattern);
  return (component, line) =>
    (components === undefined || components.includes(component)) && expression.test(line);
}

export const environmentRestored: RunCheck = {
  scope: 'run',
  definition: {
    id: 'F25',
    name: 'environment restored',
    guarantee:
      'After the last heal no trace of a fault is left, every machine is ready, every service runs at full strength, and everyone reaches everyone as before.',
  },
  run({ environment, scenario }) {
    const findings = new Findings(environmentRestored.definition);
    if (scenario.runByOthers) {
      findings.notApplicable('others run the network');
      return findings.result();
    }
    if (!environment) {
      findings.unknown('the environment was not probed before and after');
      return findings.result();
    }
    const { before, after } = environment;
    const wrong = (source: string, message: string): void =>
      findings.violation({ sources: [source], message });

    for (const line of extra(after.leftovers, before.leftovers)) {
      wrong(line.split(':', 1)[0] ?? line, `left over from a fault: ${line}`);
    }
    for (const { number } of before.machines) {
      findings.count('machines');
      const machine = after.machines.find((candidate) => candidate.number === number);
      if (!machine?.ready) {
        wrong(`machine ${number}`, `machine ${number} is ${machine ? 'not ready' : 'gone'}`);
      }
    }
    for (const { name } of before.services) {
      findings.count('services');
      const service = after.services.find((candidate) => candidate.name === name);
      if (!service) wrong(name, `service ${name} is gone`);
      else if (service.running !== service.desired) {
        wrong(name, `service ${name} runs ${service.running} of ${service.desired} tasks`);
      }
    }
    for (const { component, state } of after.containers) {
      findings.count('containers');
      if (state !== 'running') wrong(component, `container ${component} is ${state}`);
    }
    for (const { component } of before.containers) {
      if (!after.containers.some((candidate) => candidate.component === component)) {
        wrong(component, `container ${component} is gone`);
      }
    }
    judgeReachability(before, after, findings);
    findings.floor('machines', 1);
    findings.floor('paths', 1);
    return findings.result();
  },
};

function judgeReachability(
  before: EnvironmentProbe,
  after: EnvironmentProbe,
  findings: Findings,
): void {
  const now = new Map(after.reachability.map(({ from, to, ok }) => [`${from} → ${to}`, ok]));
  for (const { from, to, ok } of before.reachability) {
    if (!ok) continue;
    findings.count('paths');
    if (now.get(`${from} → ${to}`) === true) continue;
    findings.violation({
      sources: [from, to],
      message: `${from} no longer reaches ${to}`,
    });
  }
}

/** Lines of `after` that are more often in it than in `before`. */
function extra(after: readonly string[], before: readonly string[]): string[] {
  const known = new Map<string, number>();
  for (const line of before) known.set(line, (known.get(line) ?? 0) + 1);
  return after.filter((line) => {
    const left = known.get(line) ?? 0;
    known.set(line, left - 1);
    return left <= 0;
  });
}
