import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BRING_UP_FOLDER, type RunResult } from '../model.ts';
import {
  closingLine,
  repeatCommand,
  runDuration,
  runVerdict,
  standIns,
  statesOfFailed,
  worstFirst,
} from '../summary.ts';
import { axisOf, faultEnd, letter } from './axis.ts';
import { detailOf, thin } from './detail.ts';
import { type FileLink, fileList } from './links.ts';
import { html, Markup, scriptJson } from './markup.ts';
import { scenarioSection } from './scenario.ts';
import { scorecard } from './scorecard.ts';

/**
 * The report as one file that needs nothing but itself. A content security policy forbids every request and every
 * script but the three that are in it, so neither a log line nor a key can do more than be shown.
 */

const require = createRequire(import.meta.url);
const asset = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** What charts.js draws, by index of the scenario; times in seconds since its axis begins. */
function chartData(run: RunResult): readonly object[] {
  const { buckets } = detailOf(run);
  return run.scenarios.map((scenario) => {
    const axis = axisOf(scenario);
    const seconds = (at: number) => Math.round(at - axis.from) / 1000;
    const series = thin(scenario.load.series, buckets);
    const round = (value: number) => Math.round(value * 100) / 100;
    return {
      span: seconds(axis.to),
      // A bucket's value stands in its middle, below the middle of its bar in the timeline.
      at: series.map(({ at }, index) => seconds((at + (series[index + 1]?.at ?? at + 1000)) / 2)),
      ok: series.map(({ ok }) => round(ok)),
      fail: series.map(({ fail }) => round(fail)),
      unknown: series.map(({ unknown }) => round(unknown)),
      p50: series.map(({ p50 }) => p50),
      p95: series.map(({ p95 }) => p95),
      p99: series.map(({ p99 }) => p99),
      faults: scenario.faults.map((fault, index) => ({
        letter: letter(index),
        from: seconds(fault.injectedAt),
        to: seconds(faultEnd(fault, axis)),
        healed: fault.healedAt !== null,
      })),
    };
  });
}

function facts(run: RunResult): Markup {
  const took = runDuration(run);
  const list = (rows: readonly (readonly [string, string])[]) =>
    html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
  return html`${list([
    ['seed', String(run.seed)],
    ['topology', run.network.topology],
    ['started', run.startedAt.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')],
    ['took', took ?? 'did not end'],
  ])}${list(standIns(run).map(({ component, served }) => [`${component} is`, served] as const))}`;
}

const endings: Readonly<Record<RunResult['state'], string>> = {
  running: 'This run has no end: it is still going on, or its process was killed.',
  interrupted: 'This run was interrupted; what follows is what was known by then.',
  failed: 'This run failed before all its scenarios had been run.',
  completed: '',
};

function environment(run: RunResult): Markup {
  const { network } = run;
  const total = network.steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const table = (entries: Readonly<Record<string, string>>) =>
    html`<table><tbody>${Object.entries(entries).map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
  return html`<section class="environment" id="environment" aria-labelledby="environment-h"><h2 id="environment-h">Network and versions</h2>
<div class="columns">
<div><h4>Placement</h4>${network.machines.map(({ number, components }) => html`<p class="machine"><b>machine ${number}</b> ${components.join(', ')}</p>`)}</div>
<div><h4>Bring-up <span class="aside">${total.toFixed(1)} s</span></h4><table class="steps"><tbody>${network.steps.map(({ step, seconds }) => html`<tr><th scope="row">${step}</th><td class="number">${seconds.toFixed(1)} s</td><td class="wide"><span class="bar"><i class="spent" style="width:${total > 0 ? ((seconds / total) * 100).toFixed(1) : 0}%"></i></span></td></tr>`)}</tbody></table></div>
<div><h4>Versions</h4>${table(run.versions)}</div>
<div><h4>Settings</h4>${table(run.settings)}</div>
</div></section>`;
}

const key = html`<p class="key" aria-label="Key">
<span><i class="swatch ok"></i>ok</span><span><i class="swatch fail"></i>refused or failed</span><span><i class="swatch unknown"></i>unknown</span>
<span><i class="swatch fault"></i>fault, from injected to healed</span><span><i class="swatch verified"></i>effect verified</span><span><i class="swatch healed"></i>heal verified</span></p>`;

const policy = (scripts: readonly string[]) => {
  const hashes = scripts.map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${hashes.join(' ')}; base-uri 'none'; form-action 'none'`;
};

/**
 * @param run complete or not: whatever is known is shown, and what is missing is said to be
 * @param files the run's files, for links; those below a scenario's folder appear with the scenario
 */
export function renderHtml(run: RunResult, files: readonly FileLink[] = []): string {
  const library = readFileSync(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8');
  const charts = asset('./charts.js');
  const style =
    readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8') + asset('./style.css');
  const verdict = runVerdict(run);
  const under = (folder: string) => files.filter(({ path }) => path.startsWith(`${folder}/`));
  const folders = run.scenarios.map(({ folder }) => `${folder}/`);
  // Of a network that did not come up; they belong to the problem that says so.
  const bringUp = run.problems.length > 0 ? under(BRING_UP_FOLDER) : [];
  const common = files.filter(
    (file) => !bringUp.includes(file) && !folders.some((folder) => file.path.startsWith(folder)),
  );
  const ending = endings[run.state];
  const states = statesOfFailed(run);

  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Markup(policy([library, charts]).replaceAll('"', '&quot;'))}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<title>${closingLine(run)}: ${run.id}</title><style>${new Markup(style)}</style></head>
<body><a class="skip" href="#scenarios">Skip to the scenarios</a>
<header class="top ${verdict}"><h1><span class="verdict">${verdict}</span> ${closingLine(run)}${states !== '' && html` <span class="aside">of these ${states}</span>`}</h1><p class="run">Run ${run.id}</p>${facts(run)}
<p class="repeat">Repeat with <code>${repeatCommand(run)}</code></p></header>
<main>
${ending !== '' && html`<p class="ending">${ending}</p>`}
${run.problems.length > 0 && html`<section aria-labelledby="problems-h"><h2 id="problems-h">Outside the scenarios</h2><ul class="problems">${run.problems.map((problem) => html`<li>${problem}</li>`)}</ul>${bringUp.length > 0 && html`<h3>Logs of the network that did not come up</h3>${fileList(bringUp)}`}</section>`}
<section aria-labelledby="scorecard-h"><h2 id="scorecard-h">Scorecard</h2>${scorecard(run)}</section>
<div id="scenarios">${run.scenarios.length > 0 && html`<h2>Scenarios</h2>${key}`}${worstFirst(run.scenarios).map((scenario) => scenarioSection(scenario, run, under(scenario.folder)))}</div>
${environment(run)}
${common.length > 0 && html`<section aria-labelledby="files-h"><h2 id="files-h">Files of the run</h2>${fileList(common)}</section>`}
</main>
<script type="application/json" id="data">${scriptJson(chartData(run))}</script>
<script>${new Markup(library)}</script><script>${new Markup(charts)}</script>
</body></html>
`.text;
}
