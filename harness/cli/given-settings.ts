import type { Settings } from '../base/settings.ts';
import type { RunResult } from '../report/model.ts';
import type { TestOptions } from './test-options.ts';

/** What the report says of the settings of a run; from these it makes the command that repeats it. */
export function givenSettings(
  { name, topology }: Pick<Settings, 'name' | 'topology'>,
  { suite, scenario, shard, chaincode, chaincodeName }: TestOptions,
): RunResult['settings'] {
  return {
    suite,
    topology,
    name,
    ...(scenario?.length ? { scenarios: scenario.join('\n') } : {}),
    ...(shard === undefined ? {} : { shard }),
    ...(chaincode === undefined ? {} : { chaincode }),
    ...(chaincodeName === undefined ? {} : { chaincodeName }),
  };
}
