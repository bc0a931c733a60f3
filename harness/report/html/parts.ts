import type { Verdict } from '../../audit/model.ts';
import type { PhaseCounts, RecoveryResult, ScenarioStatus } from '../model.ts';
import { duration, okShare, percent, statusWord, total } from '../summary.ts';
import { html, type Markup } from './markup.ts';

/** Small pieces that several parts of the page share. A state is a sign and a word; colour only repeats it. */

const signs: Readonly<Record<string, string>> = {
  passed: '✓',
  valid: '✓',
  met: '✓',
  failed: '✗',
  invalid: '✗',
  missed: '✗',
  flaky: '~',
  unknown: '?',
  'timed-out': '!',
  interrupted: '!',
  'not-run': '–',
};

export function badge(state: ScenarioStatus | Verdict | 'met' | 'missed', word?: string): Markup {
  const text = word ?? (state in signs ? statusWord(state as ScenarioStatus) : state) ?? state;
  return html`<span class="badge ${state}"><b aria-hidden="true">${signs[state] ?? '·'}</b> ${text}</span>`;
}

/** `scenario-3-crash-an-orderer`: stable within a run, and safe in a URL. */
export function anchor(name: string, index: number): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `scenario-${index + 1}${slug ? `-${slug}` : ''}`;
}

/** Share of operations ok, with a bar of ok, refused or failed, and unknown. */
export function share(counts: PhaseCounts): Markup {
  const value = okShare(counts);
  if (value === null) return html`<span class="none">–</span>`;
  const all = total(counts);
  const refused = counts.refused + counts.refusedUnexpectedly;
  const width = (part: number) => `width:${((part / all) * 100).toFixed(2)}%`;
  const title = `${counts.ok} ok, ${counts.refused} refused, ${counts.refusedUnexpectedly} refused unexpectedly, ${counts.fail} failed, ${counts.unknown} unknown`;
  return html`<span class="share" title="${title}">${percent(value)}<span class="bar"><i class="ok" style="${width(counts.ok)}"></i><i class="fail" style="${width(refused + counts.fail)}"></i><i class="unknown" style="${width(counts.unknown)}"></i></span></span>`;
}

/** Time to the first VALID commit, with its part of the budget. */
export function recoveryCell(result: RecoveryResult | undefined): Markup {
  if (result === undefined) return html`<span class="none">–</span>`;
  const { firstCommit, budget } = result;
  const late = firstCommit === null || firstCommit > budget;
  const part = firstCommit === null ? 100 : Math.min(100, (firstCommit / budget) * 100);
  return html`<span class="share${late ? ' late' : ''}" title="budget ${duration(budget)}">${
    firstCommit === null ? 'never' : duration(firstCommit)
  }<span class="bar"><i class="${late ? 'fail' : 'spent'}" style="width:${part.toFixed(1)}%"></i></span></span>`;
}
