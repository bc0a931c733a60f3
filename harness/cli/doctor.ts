import { examine } from '../engine/doctor.ts';
import { UsageError } from '../settings/errors.ts';
import type { Settings } from '../settings/settings.ts';

/** `harness doctor`: exits with 2 when something that a run needs is missing. */
export async function doctor(settings: Settings, options: { json?: boolean }): Promise<void> {
  const findings = await examine(settings, process.env);
  if (options.json) console.log(JSON.stringify(findings, null, 2));
  else {
    const sign = { ok: '✓', limited: '·', missing: '✗' };
    for (const { subject, state, found, needed, fix } of findings) {
      console.log(`${sign[state]} ${subject.padEnd(20)} ${found}`);
      if (state !== 'ok' && needed !== 'neither') console.log(`${' '.repeat(23)}needed: ${needed}`);
      if (fix) console.log(`${' '.repeat(23)}fix: ${fix}`);
    }
  }
  const missing = findings.filter(({ state }) => state === 'missing');
  if (missing.length > 0) {
    throw new UsageError([`missing: ${missing.map(({ subject }) => subject).join(', ')}`]);
  }
}
