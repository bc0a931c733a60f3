import { bftLeg } from './bft.ts';
import { LEGS } from './migrate.ts';
import { runbook } from './runbook.ts';

it('says of each step what to do by hand and how long it took, and when nothing was taken', () => {
  const steps = bftLeg.steps.map((step) => ({ step, ms: 1_500 }));
  const text = runbook([
    { leg: bftLeg, channels: ['mychannel'], steps, stoppedMs: 19_000, proved: ['it works'] },
  ]).join('\n');
  expect(text).toContain('From maintenance to normal no transaction is taken: 19.0 s');
  expect(text).toContain('3. **type**: change the type to BFT (1.5 s).');
  expect(text).toContain('policy BlockValidation');
  expect(text).toContain('- it works');
});

it('leaves no step of any leg to guesses', () => {
  for (const { name, steps } of LEGS) {
    for (const step of steps) expect([name, step.name, step.byHand.length > 0]).toContain(true);
  }
});
