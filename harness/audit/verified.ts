import type { AuditResult } from './model.ts';

/**
 * What some audits verified, in one line: `41,210 signatures, 12,004 policies, 8,003 codes derived`; `undefined` where
 * nothing was.
 */
export function verifiedLine(
  audits: readonly (Pick<AuditResult, 'checks'> | null)[],
): string | undefined {
  const count = (id: string, name: string): number =>
    audits.reduce(
      (sum, audit) => sum + (audit?.checks.find((check) => check.id === id)?.counts[name] ?? 0),
      0,
    );
  const signatures = count('F26', 'signatures');
  const codes = count('F27', 'codes derived');
  if (signatures + codes === 0) return undefined;
  const [first, second, third] = [signatures, count('F27', 'policies'), codes].map((number) =>
    number.toLocaleString('en'),
  );
  return `${first} signatures, ${second} policies, ${third} codes derived`;
}
