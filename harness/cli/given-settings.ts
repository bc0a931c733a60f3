import type { Settings } from '../base/settings.ts';
import type { RunResult } from '../report/model.ts';
import type { TestOptions } from './test-options.ts';

/** Options of a chaincode that are texts; settings have their names. */
const GIVEN = [
  'chaincode',
  'chaincodeName',
  'chaincodeVersion',
  'chaincodeUpgrade',
  'chaincodePolicy',
  'chaincodeCollections',
] as const;

/** What the report says of the settings of a run; from these it makes the command that repeats it. */
export function givenSettings(
  { name, topology }: Pick<Settings, 'name' | 'topology'>,
  { suite, scenario, shard, chaincodeInit, network, ...options }: TestOptions,
): RunResult['settings'] {
  const given = GIVEN.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    suite,
    ...(network === undefined ? { topology, name } : { network }),
    ...(scenario?.length ? { scenarios: scenario.join('\n') } : {}),
    ...(shard === undefined ? {} : { shard }),
    ...Object.fromEntries(given),
    ...(chaincodeInit ? { chaincodeInit: 'true' } : {}),
  };
}
