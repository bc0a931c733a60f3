import { createRequire } from 'node:module';

// The package's declarations describe what `require` gives; `import` gives another shape.
const { default: Sequencer } = createRequire(import.meta.url)(
  '@jest/test-sequencer',
) as typeof import('@jest/test-sequencer');

type Tests = Parameters<InstanceType<typeof Sequencer>['sort']>[0];

/**
 * Runs scenario files in the order in which they were given: jest's own order depends on sizes, and on durations and
 * failures of earlier runs, which no seed repeats.
 */
export default class GivenOrder extends Sequencer {
  override sort(tests: Tests): Tests {
    const given = JSON.parse(process.env.SCENARIO_ORDER ?? '[]') as string[];
    return tests.toSorted((a, b) => given.indexOf(a.path) - given.indexOf(b.path));
  }
}
