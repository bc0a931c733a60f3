import { jest } from '@jest/globals';
import type { TopicFacts } from '../ordering/kafka/admin.ts';
import { fakeContext, fakeMachine } from './testing/fakes.ts';

const topic: TopicFacts = {
  leader: 'kafka1',
  replicas: ['kafka0', 'kafka1', 'kafka3'],
  inSync: ['kafka0', 'kafka1'],
  endOffset: 7,
};
const asked: string[] = [];
const modes: Record<string, string> = { zookeeper0: 'follower', zookeeper1: 'leader' };
jest.unstable_mockModule('../ordering/kafka/admin.ts', () => ({
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

const parts = await import('../ordering/kafka/roles.ts');
const { rolesOf } = await import('./roles.ts');
const kafka = rolesOf(parts.kafka);
const zookeeper = rolesOf(parts.zookeeper);
const { targetName } = await import('./model.ts');
const context = fakeContext([1, 2, 3].map((number) => fakeMachine(number)));
type AnyRole = ReturnType<typeof kafka.leader>;
const names = async (role: AnyRole) => (await role.resolve(context)).map(targetName);

describe('roles of Kafka and ZooKeeper', () => {
  it.each<[AnyRole, string[]]>([
    [kafka.leader(), ['kafka1']],
    [kafka.followers(2), ['kafka0']],
    [kafka.isr(), ['kafka1', 'kafka0']],
    [kafka.isr(1), ['kafka1']],
    [kafka.controller(), ['kafka3']],
    [kafka.bystander(), ['kafka2']],
    [zookeeper.leader(), ['zookeeper1']],
    [zookeeper.followers(), ['zookeeper0']],
  ])('$text is found at the moment of asking', async (role, expected) => {
    expect(await names(role)).toEqual(expected);
  });

  it('ask about the scenario’s channel unless told another', async () => {
    asked.length = 0;
    await names(kafka.leader());
    await names(kafka.leader('other'));
    expect(asked).toEqual(['mychannel', 'other']);
  });

  it('say what they were asked for', () => {
    expect(kafka.leader('mychannel').text).toBe("kafka.leader('mychannel')");
    expect(zookeeper.followers(2).text).toBe('zookeeper.followers(2)');
  });

  it('are an error when nothing has them', async () => {
    modes.zookeeper1 = 'follower';
    await expect(names(zookeeper.leader())).rejects.toThrow(
      'zookeeper.leader(): nothing has this role',
    );
  });
});
