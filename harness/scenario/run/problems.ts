import type { AuditResult } from '../../audit/model.ts';
import type { ExpectationResult } from '../../report/model.ts';
import { inWords } from '../../workload/statistics/availability.ts';

/**
 * All that is wrong with a scenario, one line each. What an expectation says already is not said again by a check of
 * the audit that judged the same: the check's line is then the first thing that only it has seen, if there is any.
 *
 * @param met what went wrong while the scenario ran; comes first
 */
export function problemsOf(
  met: readonly string[],
  expectations: readonly ExpectationResult[],
  audit: AuditResult | undefined,
): string[] {
  const missed = expectations.filter((expectation) => !expectation.met).map(inWords);
  const lines = [...met, ...missed];
  for (const check of audit?.checks ?? []) {
    if (check.applicable === false || check.verdict === 'valid') continue;
    const said = [...check.evidence.map(({ message }) => message), check.reason];
    const told = said.filter((message) => message !== undefined);
    const news = told.filter((message) => !missed.includes(message));
    if (told.length > 0 && news.length === 0) continue;
    lines.push(`${check.id} ${check.name}: ${check.verdict}: ${news[0] ?? 'no evidence given'}`);
  }
  return lines;
}
