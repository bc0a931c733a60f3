import type { LegDone } from './migrate.ts';

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/**
 * What a rehearsal has shown, as instructions for the real network: what to do by hand in each step, how long the step
 * took here, and when nothing was taken.
 *
 * @returns Markdown, a line each
 */
export function runbook(done: readonly LegDone[]): string[] {
  return done.flatMap(({ leg, channels, steps, stoppedMs, proved }) => [
    '',
    `## Runbook: ${leg.title}`,
    '',
    `Channels here: ${channels.join(', ')}.${
      stoppedMs === undefined
        ? ' Ordering goes on.'
        : ` From ${leg.stops?.[0]} to ${leg.stops?.[1]} no transaction is taken: ${seconds(stoppedMs)} in the rehearsal.`
    }`,
    '',
    ...steps.flatMap(({ step, ms }, index) => [
      `${index + 1}. **${step.name}**: ${step.title} (${seconds(ms)}).`,
      ...step.byHand.map((line) => `   - ${line}`),
    ]),
    '',
    'Checks at the end:',
    ...proved.map((sentence) => `- ${sentence}`),
  ]);
}
