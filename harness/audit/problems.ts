import { inWords } from './findings.ts';
import type { AuditResult, ExpectationResult } from './model.ts';

/**
 * All that is wrong with a scenario, one line each. A missed expectation is told once, in its own words; its check then
 * has a line only for what else it has seen.
 *
 * @param met what went wrong while the scenario ran; comes first
 */
export function problemsOf(
  met: readonly string[],
  expectations: readonly ExpectationResult[],
  audit: AuditResult | null,
): string[] {
  const missed = expectations.filter((expectation) => !expectation.met);
  const lines = [...met, ...missed.map(inWords)];
  for (const check of audit?.checks ?? []) {
    if (check.applicable === false || check.verdict === 'valid') continue;
    const told = missed.some(({ id }) => id === check.id);
    const news = check.evidence.filter(({ expectation }) => expectation === undefined);
    if (told && news.length === 0) continue;
    const why = news[0]?.message ?? check.evidence[0]?.message ?? check.reason;
    lines.push(`${check.id} ${check.name}: ${check.verdict}: ${why ?? 'no evidence given'}`);
  }
  return lines;
}
