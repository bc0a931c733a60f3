import { repeatCommand } from '../report/summary.ts';
import { sampleRun } from '../report/testing/sample-run.ts';
import { givenSettings } from './given-settings.ts';

const settings = { name: 'mine', topology: 'own/racks.yaml' };
const suite = 'pull-request';

describe('givenSettings', () => {
  it('has only the suite where nothing else was given', () => {
    expect(givenSettings(settings, { suite })).toEqual({ ...settings, suite });
  });

  it('has what the command needs that repeats the run', () => {
    const scenario = ['a.scenario.ts', 'deep/b.scenario.ts'];
    const given = givenSettings(settings, {
      suite,
      scenario,
      shard: '2/3',
      chaincode: './cc',
      chaincodeName: 'cc',
      chaincodeVersion: '1.1',
      chaincodeUpgrade: './cc2',
      chaincodePolicy: "OR('Org1MSP.peer')",
      chaincodeCollections: 'c.json',
      chaincodeInit: true,
    });
    const policy = "'OR('\\''Org1MSP.peer'\\'')'";
    const more = `--chaincode-version 1.1 --chaincode-upgrade ./cc2 --chaincode-policy ${policy} --chaincode-collections c.json --chaincode-init`;
    expect(repeatCommand({ ...sampleRun(), settings: given })).toBe(
      `npx harness test --scenario ${scenario.join(' ')} --shard 2/3 --chaincode ./cc --chaincode-name cc ${more} --topology own/racks.yaml --seed 42`,
    );
  });
});
