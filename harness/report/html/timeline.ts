import type { LoadResult, RunResult, ScenarioResult } from '../model.ts';
import { type Axis, clock, faultEnd, letter, position, since, ticks } from './axis.ts';
import { detailOf, thin } from './detail.ts';
import { html, Markup } from './markup.ts';
import { componentsHit, type Span, spans } from './states.ts';

/**
 * The timeline: plain HTML placed by percentages, so it is there without scripts, on paper and at any width. Rows
 * share a gutter with the charts below (`--gutter` in style.css and GUTTER in charts.js).
 */

/** One path for all bars of an outcome, stacked on what lies below it; 1000 × 100 units. */
function bars(
  series: LoadResult['series'],
  axis: Axis,
  top: number,
  height: (bucket: LoadResult['series'][number]) => readonly [number, number],
): string {
  const unit = 1000 / (axis.to - axis.from);
  let path = '';
  const wide = (series[1]?.at ?? 0) - (series[0]?.at ?? 0);
  const width = Math.max(0.4, (series.length > 1 ? wide : 1000) * unit * 0.86);
  for (const bucket of series) {
    const [below, own] = height(bucket);
    if (own === 0) continue;
    const x = (bucket.at - axis.from) * unit;
    const base = 100 - (below / top) * 100;
    const tall = (own / top) * 100;
    path += `M${x.toFixed(1)} ${base.toFixed(1)}v${(-tall).toFixed(1)}h${width.toFixed(1)}v${tall.toFixed(1)}z`;
  }
  return path;
}

function clients(series: LoadResult['series'], axis: Axis): Markup {
  const top = series.reduce(
    (most, { ok, fail, unknown }) => Math.max(most, ok + fail + unknown),
    1,
  );
  return html`<svg class="strip" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
<path class="ok" d="${bars(series, axis, top, ({ ok }) => [0, ok])}"/>
<path class="fail" d="${bars(series, axis, top, ({ ok, fail }) => [ok, fail])}"/>
<path class="unknown" d="${bars(series, axis, top, ({ ok, fail, unknown }) => [ok + fail, unknown])}"/>
</svg>`;
}

/** At most `columns` ticks, the highest of those that would fall on one another. */
function blocks(load: LoadResult, axis: Axis, columns: number): Markup {
  const most = load.blocks.reduce((top, { transactions }) => Math.max(top, transactions), 1);
  const heights = new Map<number, number>();
  for (const { at, transactions } of load.blocks) {
    const x = Math.round(((at - axis.from) / (axis.to - axis.from)) * columns);
    heights.set(x, Math.max(heights.get(x) ?? 0, transactions));
  }
  const path = [...heights]
    .map(([x, transactions]) => `M${x} 100v${-Math.round(20 + (transactions / most) * 80)}`)
    .join('');
  return html`<svg class="strip ticks" viewBox="0 0 ${columns} 100" preserveAspectRatio="none" aria-hidden="true"><path d="${path}"/></svg>`;
}

const row = (label: Markup | string, track: Markup, kind = '') =>
  html`<div class="tl-row ${kind}"><div class="tl-label">${label}</div><div class="tl-track">${track}</div></div>`;

function componentRow(name: string, list: readonly Span[], axis: Axis): Markup {
  const track = list.map(
    ({ from, to, state, label }) =>
      html`<span class="state ${state}${label.length > 11 ? ' long' : ''}" style="left:${position(axis, from)};width:calc(${position(axis, to)} - ${position(axis, from)})" title="${name}: ${label}, ${since(axis, from)} to ${since(axis, to)}"><span>${label}</span></span>`,
  );
  return row(name, html`<span class="up"></span>${track}`, 'component');
}

/** What a fault or a measurement names, and no machine has: a client, or a machine of a partial description. */
function elsewhere(scenario: ScenarioResult, run: RunResult): readonly string[] {
  const placed = new Set(run.network.machines.flatMap(({ components }) => components));
  const named = [
    ...scenario.faults.flatMap((fault) => componentsHit(fault, run.network.machines)),
    ...(scenario.states ?? []).map(({ component }) => component),
  ];
  return [...new Set(named)].filter((name) => !placed.has(name));
}

function machines(scenario: ScenarioResult, run: RunResult, axis: Axis): readonly Markup[] {
  const others = elsewhere(scenario, run);
  const groups = [
    ...run.network.machines.map(({ number, components }) => ({
      title: `machine ${number}`,
      components,
    })),
    ...(others.length > 0 ? [{ title: 'elsewhere', components: others }] : []),
  ];
  return groups.map(({ title, components }) => {
    const all = components.map((name) => ({
      name,
      list: spans(name, scenario, run.network.machines, axis),
    }));
    const touched = all.filter(({ list }) => list.length > 0);
    const calm = all.filter(({ list }) => list.length === 0);
    return html`<div class="tl-machine${touched.length === 0 && ' quiet'}"><h5>${title}</h5>
${touched.map(({ name, list }) => componentRow(name, list, axis))}
${
  calm.length > 0 &&
  html`<details class="calm"><summary>${touched.length > 0 ? `${calm.length} more` : `all ${calm.length}`} undisturbed</summary>
${calm.map(({ name }) => componentRow(name, [], axis))}</details>`
}</div>`;
  });
}

/** Bands, and marks for injected, verified, healed and verified healed. */
function overlay(scenario: ScenarioResult, axis: Axis): Markup {
  return html`<div class="tl-overlay" aria-hidden="true">${scenario.faults.map((fault, index) => {
    const end = faultEnd(fault, axis);
    const mark = (at: number | null | undefined, kind: string) =>
      typeof at === 'number' &&
      html`<i class="mark ${kind}" style="left:${position(axis, at)}"></i>`;
    return html`<div class="band${fault.healedAt === null ? ' open' : ''}" style="left:${position(axis, fault.injectedAt)};width:calc(${position(axis, end)} - ${position(axis, fault.injectedAt)})"><b>${letter(index)}</b></div>${mark(fault.verifiedAt, 'verified')}${mark(fault.healVerifiedAt, 'healed')}`;
  })}<i class="cursor"></i></div>`;
}

/** @returns nothing if the scenario has nothing to place in time */
export function timeline(scenario: ScenarioResult, run: RunResult, axis: Axis): Markup {
  const { load } = scenario;
  if (load.series.length === 0 && scenario.faults.length === 0) return new Markup('');
  const { buckets } = detailOf(run);
  const span = (axis.to - axis.from) / 1000;
  const axisRow = ticks(axis, 7).map(
    (second, index, all) =>
      html`<span style="left:${position(axis, axis.from + second * 1000)}" class="${index % 2 ? 'odd' : ''}${index === all.length - 1 && second / span > 0.94 ? ' last' : ''}">${clock(second, span)}</span>`,
  );
  const hit = scenario.faults
    .map((fault, index) => `${letter(index)} ${fault.kind} ${fault.targets.join(', ')}`)
    .join('; ');
  return html`<figure class="timeline" aria-label="Timeline: clients, components by machine and blocks over ${Math.round(span)} seconds. ${hit ? `Faults: ${hit}.` : 'No faults.'}">
${overlay(scenario, axis)}
${row('', html`${axisRow}`, 'axis')}
${row('clients', clients(thin(load.series, buckets), axis), 'clients')}
${row('blocks', blocks(load, axis, Math.min(1000, buckets * 2)), 'blocks')}
${machines(scenario, run, axis)}
</figure>`;
}
