import type { CheckResult, Evidence } from '../../audit/model.ts';
import { verifiedLine } from '../../audit/verified.ts';
import type { LogExcerpt, OutageResult, PhaseCounts, RunResult, ScenarioResult } from '../model.ts';
import {
  applicable,
  auditWords,
  COLUMNS,
  checksWorstFirst,
  duration,
  headline,
  shownFile,
  total,
} from '../summary.ts';
import { type Axis, axisOf, letter, since } from './axis.ts';
import { detailOf } from './detail.ts';
import { type FileLink, fileList } from './links.ts';
import { html, type Markup } from './markup.ts';
import { anchor, badge, recoveryCell, share } from './parts.ts';
import { timeline } from './timeline.ts';

/** More than these would bury what matters, and the complete files are linked; see also detail.ts. */
const MOST_COLUMNS = 1000;
const MOST_EVIDENCE = 12;

const OUTAGE_PHASES = ['during', 'recovering', 'after'] as const;
const ALL_PHASES = ['before', ...OUTAGE_PHASES] as const;

function faults(scenario: ScenarioResult, axis: Axis): Markup | false {
  if (scenario.faults.length === 0) return false;
  const rows = scenario.faults.map((fault, index) => {
    const until = fault.healedAt;
    return html`<tr><td><b class="flag">${letter(index)}</b></td>
<th scope="row">${fault.kind}</th>
<td>${fault.role}${fault.targets.join(', ') !== fault.role && html` <span class="arrow">→</span> <b>${fault.targets.join(', ')}</b>`}</td>
<td class="number" data-label="injected">${since(axis, fault.injectedAt)}</td>
<td class="number" data-label="verified">${fault.verifiedAt === undefined ? '–' : since(axis, fault.verifiedAt)}</td>
<td class="number" data-label="healed">${until === null ? html`<b>not healed</b>` : since(axis, until)}</td>
<td class="number" data-label="heal verified">${fault.healVerifiedAt === undefined ? '–' : since(axis, fault.healVerifiedAt)}</td>
<td class="wide" data-label="effect">${badge(fault.confirmation === 'confirmed' ? 'valid' : fault.confirmation === 'inconclusive' ? 'unknown' : 'invalid', fault.confirmation.replace('-', ' '))} ${fault.evidence}</td></tr>`;
  });
  return html`<h4>Faults</h4><table class="stack faults"><thead><tr><th scope="col"></th><th scope="col">fault</th><th scope="col">target</th><th scope="col" class="number">injected</th><th scope="col" class="number">verified</th><th scope="col" class="number">healed</th><th scope="col" class="number">verified</th><th scope="col">effect measured</th></tr></thead><tbody>${rows}</tbody></table>`;
}

/** `A`, or `A, B` for faults that overlapped: the letters of the table of faults. */
const flags = (numbers: readonly number[]) =>
  html`<b class="flag">${numbers.map((number) => letter(number - 1)).join(', ')}</b>`;

function recovery(scenario: ScenarioResult): Markup | false {
  const { load } = scenario;
  const phases = ALL_PHASES.filter((phase) => total(load[phase]) > 0 || load.outages.length > 0);
  if (phases.length === 0) return false; // a check without load
  const row = (name: Markup | string, counts: PhaseCounts) =>
    html`<tr><th scope="row">${name}</th>${COLUMNS.map(({ column }) => html`<td class="number">${counts[column]}</td>`)}<td class="number">${share(counts)}</td></tr>`;
  // A single fault's rows would be the run's.
  const apart = load.outages.length > 1 ? load.outages : [];
  return html`<h4>Availability and recovery</h4><div class="pair">
<table><thead><tr><th scope="col">operations</th>${COLUMNS.map(({ word }) => html`<th scope="col" class="number">${word}</th>`)}<th scope="col" class="number">share ok</th></tr></thead><tbody>
${phases.map((phase) => row(phase, load[phase]))}
${apart.map((outage) => OUTAGE_PHASES.map((phase) => row(html`${phase} ${flags(outage.faults)}`, outage[phase])))}
</tbody></table>
${
  load.outages.length > 0 &&
  html`<table><thead><tr><th scope="col">from heal to</th><th scope="col" class="number">took</th><th scope="col" class="number">budget</th></tr></thead><tbody>
${load.outages.map((outage) => recoveries(scenario, outage))}
</tbody></table>`
}</div>`;
}

function recoveries({ recovery: all }: ScenarioResult, outage: OutageResult): Markup {
  const { faults: numbers, to, backlogDrain, backlogBudget } = outage;
  if (to === null) {
    return html`<tr><th scope="row">${flags(numbers)} was not healed</th><td class="number">–</td><td class="number">–</td></tr>`;
  }
  const own = all.filter(({ faults: [first] }) => first === numbers[0]);
  return html`${own.map((result) => html`<tr><th scope="row">${flags(numbers)} first commit through ${result.orderer}</th><td class="number">${recoveryCell(result)}</td><td class="number">${duration(result.budget)}</td></tr>`)}
<tr><th scope="row">${flags(numbers)} backlog drained</th><td class="number">${backlogDrain === null ? 'never' : duration(backlogDrain)}</td><td class="number">${backlogBudget === null ? '–' : duration(backlogBudget)}</td></tr>`;
}

function expectations(scenario: ScenarioResult): Markup | false {
  if (scenario.expectations.length === 0) return false;
  const sorted = [...scenario.expectations].sort((a, b) => Number(a.met) - Number(b.met));
  return html`<h4>Expectations</h4><table class="stack"><thead><tr><th scope="col">expectation</th><th scope="col">verdict</th><th scope="col">expected</th><th scope="col">seen</th></tr></thead><tbody>
${sorted.map(({ name, met, expected, seen }) => html`<tr><th scope="row">${name}</th><td data-label="verdict">${badge(met ? 'met' : 'missed', met ? 'met' : 'not met')}</td><td data-label="expected">${expected}</td><td data-label="seen">${seen}</td></tr>`)}
</tbody></table>`;
}

/** Name of the clients' library where it is not the harness's own. */
const stockClient = ({ client }: ScenarioResult): string | false =>
  client !== undefined && client !== 'harness' && client;

function evidenceItem(item: Evidence): Markup {
  const facts: [string, string | number | undefined][] = [
    ['channel', item.channel],
    ['block', item.block],
    ['transaction', item.transactionId],
    ['operation', item.operation],
    ['key', item.key],
    ['copies that differ', item.sources?.join(', ')],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  return html`<li><p>${item.message}</p>${known.length > 0 && html`<dl>${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`}</li>`;
}

function check(result: CheckResult): Markup {
  const counts = Object.entries(result.counts)
    .map(
      ([name, value]) =>
        `${value.toLocaleString('en')} ${value === 1 ? name.replace(/s$/, '') : name}`,
    )
    .join(', ');
  const violations = result.counts.violations ?? result.evidence.length;
  const shown = result.evidence.slice(0, MOST_EVIDENCE);
  return html`<details class="check"${result.verdict !== 'valid' && html` open`}><summary><span class="id">${result.id}</span><span class="name">${result.name}</span>${badge(result.verdict)}<span class="counts">${counts}</span></summary>
<div class="body"><p class="guarantee">${result.guarantee}</p>${result.reason !== undefined && html`<p>Not decided: ${result.reason}</p>`}
${shown.length > 0 && html`<ol class="evidence">${shown.map(evidenceItem)}</ol>`}
${violations > shown.length && shown.length > 0 && html`<p>${violations} violations in all; the worst ${shown.length} are shown.</p>`}</div></details>`;
}

function invariants(scenario: ScenarioResult): Markup | false {
  const { audit } = scenario;
  if (audit === null) {
    return (
      scenario.status !== 'not-run' &&
      html`<h4>Invariants</h4><p class="empty">Not audited. Saved blocks and history can be audited later with <code>harness audit</code>.</p>`
    );
  }
  const verified = verifiedLine([audit]);
  const sorted = checksWorstFirst(audit.checks.filter(applicable));
  const idle = audit.checks.filter((result) => !applicable(result));
  const wrong = sorted.filter(({ verdict }) => verdict !== 'valid');
  const valid = sorted.filter(({ verdict }) => verdict === 'valid');
  return html`<h4>Invariants <span class="aside">${auditWords(scenario)}${verified !== undefined && `: ${verified}`}</span></h4>
${wrong.map(check)}
${valid.length > 0 && html`<details class="folded"><summary>${valid.length} valid</summary>${valid.map(check)}</details>`}
${idle.length > 0 && html`<details class="folded"><summary>${idle.length} with nothing to say about this run</summary><ul>${idle.map(({ id, name, reason }) => html`<li><span class="id">${id}</span> ${name}${reason !== undefined && `: ${reason}`}</li>`)}</ul></details>`}`;
}

function excerpt({ component, lines, file, anomaly }: LogExcerpt, most: number): Markup {
  const from = Math.max(0, Math.min((anomaly ?? 0) - Math.floor(most / 2), lines.length - most));
  const shown = lines.slice(from, from + most);
  const name = file === undefined ? component : html`<a href="${encodeURI(file)}">${component}</a>`;
  return html`<h5>${name}</h5><pre tabindex="0" aria-label="Log of ${component}">${shown.map(
    (line, index) => {
      const cut = line.length > MOST_COLUMNS ? `${line.slice(0, MOST_COLUMNS)} …` : line;
      return index + from === anomaly ? html`<mark>${cut}</mark>\n` : html`${cut}\n`;
    },
  )}</pre>`;
}

/** The section of one scenario: what failed and why first, then what happened when, then the proof. */
export function scenarioSection(
  scenario: ScenarioResult,
  run: RunResult,
  files: readonly FileLink[],
): Markup {
  const index = run.scenarios.indexOf(scenario);
  const id = anchor(scenario.name, index);
  const axis = axisOf(scenario);
  const mostLines = Math.ceil(detailOf(run).lines / Math.max(1, scenario.excerpts.length));
  const [, ...further] = scenario.problems;
  const why = headline(scenario);
  const drawn = scenario.load.series.length > 0;
  return html`<section class="scenario ${scenario.status}" id="${id}" aria-labelledby="${id}-h">
<header><h3 id="${id}-h">${scenario.name}</h3>${badge(scenario.status)}
<p class="meta">${scenario.status === 'not-run' ? 'not run' : duration(scenario.duration)}${scenario.channel !== '' && ` · channel ${scenario.channel}`}${stockClient(scenario) && ` · clients on ${stockClient(scenario)}`} · ${scenario.suite} · <code>${shownFile(scenario)}:${scenario.line}</code></p></header>
${why !== undefined && html`<p class="headline">${why}</p>`}
${further.length > 0 && html`<ul class="problems">${further.map((problem) => html`<li>${problem}</li>`)}</ul>`}
${timeline(scenario, run, axis)}
${
  drawn &&
  html`<figure class="chart"><figcaption>Operations a second</figcaption><div class="plot" data-scenario="${index}" data-kind="throughput" role="img" aria-label="Operations a second over time: ok, refused, unknown. The table of availability has the sums."></div></figure>
<figure class="chart"><figcaption>Latency of operations that were ok <span class="aside">logarithmic</span></figcaption><div class="plot" data-scenario="${index}" data-kind="latency" role="img" aria-label="Latency quantiles over time: p50, p95, p99."></div></figure>`
}
${faults(scenario, axis)}
${scenario.status !== 'not-run' && recovery(scenario)}
${expectations(scenario)}
${invariants(scenario)}
${scenario.excerpts.length > 0 && html`<h4>Log lines around the first anomaly</h4>${scenario.excerpts.map((one) => excerpt(one, mostLines))}`}
${files.length > 0 && html`<h4>Complete records</h4>${fileList(files, scenario.folder)}`}
</section>`;
}
