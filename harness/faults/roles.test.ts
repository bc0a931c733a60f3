import { jest } from '@jest/globals';
import type { TopicFacts } from '../fabric/kafka/admin.ts';
import { fakeContext, fakeMachine } from './testing/fakes.ts';

const topic: TopicFacts = {
  leader: 'kafka1',
  replicas: ['kafka0', 'kafka1', 'kafka3'],
  inSync: ['kafka0', 'kafka1'],
  endOffset: 7,
};
const asked: string[] = [];
const modes: Record<string, string> = { zookeeper0: 'follower', zookeeper1: 'leader' };
jest.unstable_mockModule('../fabric/kafka/admin.ts', () => ({
  openKafkaAdmin: async () => ({
    topic: async (channel: string) => {
      asked.push(channel);
      return topic;
    },
    controller: async () => 'kafka3',
    [Symbol.asyncDispose]: async () => {},
  }),
  zookeeperMode: async ({ name }: { name: string }) => modes[name] ?? 'connection refused',
}));

const { all, component, kafka, machine, orderer, peer, zookeeper } = await import('./roles.ts');
const { targetName } = await import('./model.ts');
const context = fakeContext([1, 2, 3].map((number) => fakeMachine(number)));
type AnyRole = ReturnType<typeof component>;
const names = async (role: AnyRole, random = 0) =>
  (await role.resolve({ ...context, random: () => random })).map(targetName);

describe('roles', () => {
  it.each<[AnyRole, string[]]>([
    [kafka.leader(), ['kafka1']],
    [kafka.followers(2), ['kafka0']],
    [kafka.isr(), ['kafka1', 'kafka0']],
    [kafka.isr(1), ['kafka1']],
    [kafka.controller(), ['kafka3']],
    [kafka.bystander(), ['kafka2']],
    [zookeeper.leader(), ['zookeeper1']],
    [zookeeper.followers(), ['zookeeper0']],
    [orderer('orderer1'), ['orderer1']],
    [machine(2), ['machine2']],
    [all(kafka.leader(), machine(3)), ['kafka1', 'machine3']],
  ])('$text is found at the moment of asking', async (role, expected) => {
    expect(await names(role)).toEqual(expected);
  });

  it('ask about the scenario’s channel unless told another', async () => {
    asked.length = 0;
    await names(kafka.leader());
    await names(kafka.leader('other'));
    expect(asked).toEqual(['mychannel', 'other']);
  });

  it('choose by the seed where several would do', async () => {
    expect(await names(orderer(), 0)).toEqual(['orderer0']);
    expect(await names(orderer(), 0.99)).toEqual(['orderer1']);
    expect(await names(peer(), 0.5)).toEqual(['peer0.org2']);
  });

  it('say what they were asked for', () => {
    expect(all(kafka.leader('mychannel'), zookeeper.followers(2)).text).toBe(
      "kafka.leader('mychannel') + zookeeper.followers(2)",
    );
  });

  it('are an error when nothing has them, or no such thing exists', async () => {
    modes.zookeeper1 = 'follower';
    await expect(names(zookeeper.leader())).rejects.toThrow(
      'zookeeper.leader(): nothing has this role',
    );
    await expect(names(component('orderer9'))).rejects.toThrow('no component "orderer9"');
    await expect(names(machine(4))).rejects.toThrow('no machine 4');
  });
});
