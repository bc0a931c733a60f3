import path from 'node:path';
import { judge } from '../../audit/judge.ts';
import { PEERS } from '../../audit/testing/ledger-builder.ts';
import { transfers } from '../../workload/profile.ts';
import { declaredAt, register } from '../run/declared.ts';
import { runScenario, type Sabotage } from '../run/run-scenario.ts';
import { evidenceFolder, fakeSession, PLACE } from '../testing/fake-session.ts';
import { controlFacts } from './control.ts';
import { seconds } from './definition.ts';
import {
  editChaincodeEvents,
  editEvents,
  flipSignature,
  forgetLastBlock,
  forgetRecord,
  markAll,
  markAt,
  stripSignature,
} from './doctored.ts';
import { takeEvidence } from './forged.ts';
import {
  anotherAmount,
  anotherReading,
  failureOfCommitted,
  refusalWithoutAsking,
  successWithoutSubmitting,
} from './untrue-clients.ts';

const folder = evidenceFolder();

/** Problems of a quiet scenario on a network in memory with a planted defect. */
async function problems(sabotage: Sabotage): Promise<readonly string[]> {
  const fake = await fakeSession(folder());
  register(folder(), declaredAt(PLACE, PLACE.file));
  await using session = fake.session;
  const load = transfers({
    ...{ clients: 2, accounts: 10, rate: 10 },
    reads: { share: 0.3, peers: PEERS },
  });
  const definition = { load, duration: seconds(3), expect: { operations: 5 } };
  const result = await fake.clock.drive(runScenario(session, definition, PLACE, sabotage));
  return result.problems;
}

describe('planted defects on a network in memory', () => {
  it('has no problems without one', async () => {
    expect(await problems({})).toEqual([]);
  });

  it('has them in a copy of what a sound run has left, and that run stays sound', async () => {
    const fake = await fakeSession(folder());
    register(folder(), declaredAt(PLACE, PLACE.file));
    const copied = { ...PLACE, name: 'a copy', folder: 'scenarios/a-copy', channel: 'a-copy' };
    register(folder(), {
      ...declaredAt(copied, 'copy.scenario.ts'),
      ...controlFacts(/^F20 .*goes from offset/),
    });
    await using session = fake.session;
    const load = transfers({ clients: 2, accounts: 10, rate: 10 });
    const definition = { load, duration: seconds(3), expect: { operations: 5 } };
    const result = await fake.clock.drive(runScenario(session, definition, PLACE, {}));
    expect(result.problems).toEqual([]);
    const [from, to] = [PLACE, copied].map((each) => path.join(folder(), each.folder));
    takeEvidence(session, from as string, copied);
    expect(judge(to as string)).toMatchObject({ name: 'a copy', status: 'failed' });
    forgetRecord(to as string, PLACE.channel);
    expect(judge(to as string)).toMatchObject({ name: 'a copy', status: 'passed', problems: [] });
    expect(judge(from as string)).toMatchObject({ name: 'on paper', status: 'passed' });
  });

  it.each<[string, Sabotage, RegExp]>([
    ['success without submitting', { client: successWithoutSubmitting }, /^F1 .*acknowledged/],
    ['refusal without asking', { client: refusalWithoutAsking }, /^F30 .*insufficient funds/],
    ['failure of what was committed', { client: failureOfCommitted }, /^F17 .*that it failed/],
    ['another amount', { client: anotherAmount }, /^F28 .*client asked for transfer/],
    ['another reading', { client: anotherReading }, /^F14 .*the chain gives/],
    [
      'a signature stripped',
      { afterEvidence: (at, channel) => stripSignature(at, channel, 'peer1.org2') },
      /^F26 .*peer1\.org2.*no signature/,
    ],
    [
      'a signature flipped',
      { afterEvidence: (at, channel) => flipSignature(at, channel, 'orderer1') },
      /^F26 .*orderer1.*signature of/,
    ],
    [
      'sound transactions refused by all peers',
      { afterEvidence: (at, channel) => markAll(at, channel, 10) },
      /^F27 .*ENDORSEMENT_POLICY_FAILURE/,
    ],
    [
      'an event dropped',
      { afterEvidence: (at, channel) => editEvents(at, channel, 'peer0.org2', 'dropped') },
      /^F16 .*peer0\.org2/,
    ],
    [
      'another payload of an event',
      { afterEvidence: (at, ch) => editChaincodeEvents(at, ch, 'peer1.org2', 'another payload') },
      /^F34 .*peer1\.org2 told its listener.*1000000/,
    ],
    [
      'an event of the chaincode dropped',
      { afterEvidence: (at, channel) => editChaincodeEvents(at, channel, 'peer0.org1', 'dropped') },
      /^F34 .*peer0\.org1 told its listener/,
    ],
    [
      'one peer that validates by another policy',
      { afterEvidence: (at, channel) => markAt(at, channel, 'peer1.org2', 10) },
      /^F7 .*ENDORSEMENT_POLICY_FAILURE on peer1\.org2/,
    ],
    [
      'an event doubled',
      { afterEvidence: (at, channel) => editEvents(at, channel, 'peer1.org1', 'doubled') },
      /^F16 .*peer1\.org1/,
    ],
    [
      'a copy that ends early',
      { afterEvidence: (at, channel) => forgetLastBlock(at, channel, 'orderer0') },
      /^F6 .*orderer0/,
    ],
  ])('is red for its reason with %s', async (_, sabotage, because) => {
    expect(await problems(sabotage)).toContainEqual(expect.stringMatching(because));
  });
});
