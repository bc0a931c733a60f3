import { formatResult } from './judged.ts';
import { passedRun } from './testing/sample-run.ts';

describe('the result of a scenario in words', () => {
  it('has the verdict and every part that there is', () => {
    const [crash] = passedRun().scenarios.filter(({ faults }) => faults.length > 0);
    if (!crash) throw new Error('expected a scenario with a fault');
    const text = formatResult('reports/latest', crash);
    expect(text).toMatch(/^reports\/latest: valid \(passed\)\n/);
    for (const part of ['faults', 'expectations', 'recovery', 'clients were told', 'invariants']) {
      expect(text).toContain(`\n  ${part}\n`);
    }
    expect(text).not.toContain('problems');
  });
});
