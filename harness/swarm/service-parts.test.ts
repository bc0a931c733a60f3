import { PATIENCE, settlePatience } from '../base/patience.ts';
import { listensOn, namedEarly } from './service-parts.ts';

it('gives a health check as much longer as the machine needs', () => {
  const ordinary = listensOn(1);
  try {
    settlePatience(15);
    expect(listensOn(1)).toEqual({ ...ordinary, timeoutMs: 300_000, startPeriodMs: 4_500_000 });
    expect(namedEarly(1).test.at(-1)).toContain('-lt 300');
  } finally {
    delete process.env[PATIENCE];
  }
});
