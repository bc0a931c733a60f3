import { jest } from '@jest/globals';
import type { TopicFacts } from '../ordering/kafka/admin.ts';
import { fakeContext, fakeMachine } from './testing/fakes.ts';

let leader: string | undefined = 'kafka1';
jest.unstable_mockModule('../ordering/kafka/admin.ts', () => ({
  openKafkaAdmin: async () => ({
    topic: async (): Promise<TopicFacts> => ({
      leader,
      replicas: ['kafka0', 'kafka1', 'kafka3'],
      inSync: ['kafka0', 'kafka1'],
      endOffset: 7,
    }),
    [Symbol.asyncDispose]: async () => {},
  }),
}));

const { all, component, databaseOf, machine, machineAt, orderer, orderers, ordering, peer } =
  await import('./roles.ts');
const { targetName } = await import('./model.ts');
const context = fakeContext([1, 2, 3].map((number) => fakeMachine(number)));
type AnyRole = ReturnType<typeof component>;
const names = async (role: AnyRole, random = 0) =>
  (await role.resolve({ ...context, random: () => random })).map(targetName);

describe('roles', () => {
  it.each<[AnyRole, string[]]>([
    [ordering.leader(), ['kafka1']],
    [ordering.followers(2), ['kafka0']],
    [ordering.consenters(), ['kafka0', 'kafka1', 'kafka3']],
    [ordering.blocking(), ['kafka1']],
    [orderer('orderer1'), ['orderer1']],
    [orderer(0), ['orderer0']],
    [orderer(3), ['orderer1']],
    [orderers(), ['orderer0', 'orderer1']],
    [peer(1), ['peer1.org1']],
    [peer(6), ['peer0.org2']],
    [databaseOf(all(peer(0), orderer(0))), ['couchdb0.org1']],
    [machine(2), ['machine2']],
    [machineAt(0), ['machine1']],
    [machineAt(5), ['machine3']],
    [all(ordering.leader(), machine(3)), ['kafka1', 'machine3']],
  ])('$text is found at the moment of asking', async (role, expected) => {
    expect(await names(role)).toEqual(expected);
  });

  it('choose by the seed where several would do', async () => {
    expect(await names(orderer(), 0)).toEqual(['orderer0']);
    expect(await names(orderer(), 0.99)).toEqual(['orderer1']);
    expect(await names(peer(), 0.5)).toEqual(['peer0.org2']);
  });

  it('say what they were asked for', () => {
    expect(all(ordering.leader(), ordering.followers(2)).text).toBe(
      'ordering.leader() + ordering.followers(2)',
    );
  });

  it('are an error when nothing has them, or no such thing exists', async () => {
    leader = undefined;
    await expect(names(ordering.leader())).rejects.toThrow(
      'ordering.leader(): nothing has this role',
    );
    await expect(names(component('orderer9'))).rejects.toThrow('no component "orderer9"');
    await expect(names(machine(4))).rejects.toThrow('no machine 4');
  });
});
