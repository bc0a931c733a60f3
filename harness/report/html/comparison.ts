import { readFileSync } from 'node:fs';
import { type Cell, type Comparison, cellWords } from '../comparison.ts';
import { duration, percent } from '../summary.ts';
import { html, Markup } from './markup.ts';
import { badge } from './parts.ts';

const style = readFileSync(new URL('style.css', import.meta.url), 'utf8');

const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** One page of several runs: scenario by placement, each cell with what it cost. */
export function renderComparison(
  { placements, rows }: Comparison,
  runs: readonly string[],
): string {
  const all = rows.flatMap(({ cells }) => cells).filter((cell) => cell !== null);
  const passed = all.filter(({ status }) => status === 'passed').length;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<title>${passed} of ${all.length} survived</title><style>${new Markup(style)}</style></head>
<body><header class="top ${passed === all.length ? 'passed' : 'failed'}"><h1>${passed} of ${all.length} survived</h1><p class="run">Runs ${runs.join(', ')}</p></header>
<main><section id="scenarios"><h2>What each placement survives</h2>
<table class="scorecard"><thead><tr><th scope="col">scenario</th>${placements.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${rows.map(({ scenario, cells }) => html`<tr><th scope="row">${scenario}</th>${cells.map((cell, at) => html`<td data-label="${placements[at]}" title="${cellWords(cell)}">${shown(cell)}</td>`)}</tr>`)}</tbody></table>
<p class="aside">Stood still: longest time between two blocks with transactions from the first fault on. Recovered: slowest first commit through an orderer after the heal. Answered: share of operations that were ok while faults were in force, or without faults in all the load.</p>
</section></main></body></html>
`.text;
}

function shown(cell: Cell | null): Markup {
  if (!cell) return html`<span class="none">not run</span>`;
  const rest = [
    cell.standstill === null ? '' : `stood still ${duration(cell.standstill)}`,
    cell.recovery === null ? '' : `recovered in ${duration(cell.recovery)}`,
    cell.answered === null ? '' : `${percent(cell.answered)} answered`,
    cell.neverOrdered > 0 ? `${cell.neverOrdered} acknowledged, never ordered` : '',
    cell.invalid.length > 0 ? `${cell.invalid.join(' ')} invalid` : '',
  ].filter(Boolean);
  const badged = badge(cell.status, cell.status === 'passed' ? 'survived' : undefined);
  return html`${badged}${rest.map((text) => html`<small>${text}</small>`)}`;
}
