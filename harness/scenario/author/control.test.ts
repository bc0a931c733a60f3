import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PEERS } from '../../audit/testing/ledger-builder.ts';
import { transfers } from '../../workload/profile.ts';
import { declaredAt, register } from '../run/declared.ts';
import { runScenario, type Sabotage } from '../run/run-scenario.ts';
import { fakeSession } from '../testing/fake-session.ts';
import { seconds } from './definition.ts';
import { editEvents, flipSignature, forgetLastBlock, markAll, stripSignature } from './doctored.ts';
import {
  anotherAmount,
  anotherReading,
  failureOfCommitted,
  refusalWithoutAsking,
  successWithoutSubmitting,
} from './untrue-clients.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'control-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const place = {
  name: 'on paper',
  folder: 'scenarios/on-paper',
  file: 'on-paper.scenario.ts',
  line: 1,
  suite: 'paper',
  channel: 'on-paper',
};

/** Problems of a quiet scenario on a network in memory with a planted defect. */
async function problems(sabotage: Sabotage): Promise<readonly string[]> {
  const fake = await fakeSession(folder);
  register(folder, declaredAt(place, place.file));
  await using session = fake.session;
  const load = transfers({
    ...{ clients: 2, accounts: 10, rate: 10 },
    reads: { share: 0.3, peers: PEERS },
  });
  const definition = { load, duration: seconds(3), expect: { operations: 5 } };
  const result = await fake.clock.drive(runScenario(session, definition, place, sabotage));
  return result.problems;
}

describe('planted defects on a network in memory', () => {
  it('has no problems without one', async () => {
    expect(await problems({})).toEqual([]);
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
