import { orderer } from '../../fabric-client/protos.ts';
import type { Consensus } from './consensus.ts';
import { enterMaintenance, leaveMaintenance } from './maintenance.ts';

const { State } = orderer.ConsensusType;

const channel = (name: string, type: string, maintenance: boolean): Consensus => {
  const state = maintenance ? State.STATE_MAINTENANCE : State.STATE_NORMAL;
  const value = orderer.ConsensusType.encode({ type, state }).finish();
  return {
    channel: name,
    type,
    maintenance,
    configBlock: 4,
    newestBlock: 4,
    changesType: false,
    group: { groups: { Orderer: { values: { ConsensusType: { value } } } } },
  };
};

/** Names of the channels that would be changed. */
async function changed(
  states: readonly Consensus[],
  work: (road: Parameters<typeof enterMaintenance>[0], names: string[]) => Promise<void>,
): Promise<string[]> {
  const seen: string[] = [];
  const change: Parameters<typeof enterMaintenance>[0]['change'] = async (names, update) => {
    for (const name of names) {
      const now = states.find((one) => one.channel === name);
      if (now && (await update(now))) seen.push(name);
    }
  };
  await work(
    { change },
    states.map((one) => one.channel),
  );
  return seen;
}

const states = [
  channel('untouched', 'kafka', false),
  channel('under-way', 'kafka', true),
  channel('changed', 'etcdraft', true),
  channel('through', 'etcdraft', false),
];

it('puts into maintenance what has not been there: a leg that was through is not begun again', async () => {
  const entered = await changed(states, (road, names) => enterMaintenance(road, names, 'kafka'));
  expect(entered).toEqual(['untouched']);
});

it('takes out of maintenance whatever is in it', async () => {
  expect(await changed(states, leaveMaintenance)).toEqual(['under-way', 'changed']);
});
