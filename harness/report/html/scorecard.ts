import type { RunResult, ScenarioResult } from '../model.ts';
import {
  auditWords,
  duration,
  headline,
  neverOrdered,
  recoveryColumns,
  slowestRecovery,
  worstFirst,
} from '../summary.ts';
import { html, type Markup } from './markup.ts';
import { anchor, badge, recoveryCell, share } from './parts.ts';

function auditBadge(scenario: ScenarioResult): Markup {
  const words = auditWords(scenario);
  if (scenario.audit === null) return html`<span class="none">${words}</span>`;
  return badge(scenario.audit.verdict, words);
}

/** Scenario × verdict × slowest recovery through each orderer × share ok × audit; worst first. */
export function scorecard(run: RunResult): Markup {
  if (run.scenarios.length === 0) {
    return html`<p class="empty">No scenario ran.</p>`;
  }
  const columns = recoveryColumns(run);
  const forgets = run.scenarios.some((scenario) => neverOrdered(scenario) > 0);
  const rows = worstFirst(run.scenarios).map((scenario) => {
    const why = headline(scenario);
    const id = anchor(scenario.name, run.scenarios.indexOf(scenario));
    const link = html`<a href="#${id}">${scenario.name}</a>`;
    return html`<tr class="${scenario.status}">
<th scope="row">${link}${why !== undefined && html`<small>${why}</small>`}</th>
<td data-label="verdict">${badge(scenario.status)}</td>
${columns.map(({ head, orderers }) => html`<td class="number" data-label="${head}">${recoveryCell(slowestRecovery(scenario, orderers))}</td>`)}
<td class="number" data-label="before">${share(scenario.load.before)}</td>
<td class="number" data-label="during">${share(scenario.load.during)}</td>
<td class="number" data-label="after">${share(scenario.load.after)}</td>
${forgets && html`<td class="number" data-label="never ordered">${neverOrdered(scenario)}</td>`}
<td data-label="audit">${auditBadge(scenario)}</td>
<td class="number" data-label="took">${scenario.status === 'not-run' ? '–' : duration(scenario.duration)}</td>
</tr>`;
  });
  return html`<table class="scorecard">
<thead><tr><th scope="col" rowspan="2">scenario</th><th scope="col" rowspan="2">verdict</th><th scope="colgroup" colspan="${columns.length}">recovered after</th><th scope="colgroup" colspan="3">operations ok</th>${forgets && html`<th scope="col" rowspan="2" class="number" title="Transactions that an orderer acknowledged and no orderer put into a block, as its ordering service may: clients are not told">never ordered</th>`}<th scope="col" rowspan="2">audit</th><th scope="col" rowspan="2" class="number">took</th></tr>
<tr>${columns.map(({ head }) => html`<th scope="col" class="number">${head}</th>`)}<th scope="col" class="number">before</th><th scope="col" class="number">during</th><th scope="col" class="number">after</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}
