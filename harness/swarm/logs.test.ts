import type Docker from 'dockerode';
import { COMPONENT_LABEL } from './deploy.ts';
import { componentLogs, containerLog } from './logs.ts';

const frame = (text: string) => {
  const head = Buffer.alloc(8, 0);
  head[0] = 2;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

const container = (...texts: string[]) =>
  ({ logs: async () => Buffer.concat(texts.map(frame)) }) as unknown as Docker.Container;

interface Had {
  readonly component: string;
  readonly created: number;
  readonly text: string | { readonly statusCode: number };
}

const machine = (containers: readonly Had[]) =>
  ({
    listContainers: async ({ all }: { all: boolean }) =>
      all &&
      containers.map(({ component, created }, i) => ({
        Id: String(i),
        Created: created,
        Labels: { [COMPONENT_LABEL]: component },
      })),
    getContainer: (id: string) => {
      const text = containers[Number(id)]?.text ?? '';
      return typeof text === 'string' ? container(text) : { logs: () => Promise.reject(text) };
    },
  }) as unknown as Docker;

async function read(docker: Docker) {
  const found: [string, string][] = [];
  for await (const { component, log } of componentLogs(docker)) {
    found.push([component, log.toString()]);
  }
  return found;
}

describe('componentLogs', () => {
  it('joins the containers of a component, the oldest first', async () => {
    const docker = machine([
      { component: 'orderer0', created: 2, text: 'second\n' },
      { component: 'kafka0', created: 1, text: 'broker\n' },
      { component: 'orderer0', created: 0, text: 'first\n' },
    ]);
    expect(await read(docker)).toEqual([
      ['orderer0', 'first\nsecond\n'],
      ['kafka0', 'broker\n'],
    ]);
  });

  it('passes over a container that has gone, and over nothing else', async () => {
    const gone = { component: 'api', created: 0, text: { statusCode: 404 } };
    const there = { component: 'api', created: 1, text: 'again' };
    expect(await read(machine([gone, there]))).toEqual([['api', 'again']]);
    for await (const log of componentLogs(machine([gone, there]))) {
      expect(log.containers).toEqual(['1']);
    }
    const broken = { component: 'api', created: 0, text: { statusCode: 500 } };
    await expect(read(machine([broken, there]))).rejects.toEqual({ statusCode: 500 });
  });
});

describe('containerLog', () => {
  const tail = (bytes: number) => ({ tail: { lines: 10, bytes } });

  it.each([
    [undefined, 'one\ntwo\nthree\n'],
    [tail(14), 'one\ntwo\nthree\n'],
    [tail(13), 'two\nthree\n'],
    [tail(9), 'three\n'],
    [tail(3), 'ee\n'],
  ])('of %j is %j', async (options, expected) => {
    const log = await containerLog(container('one\n', 'two\nthr', 'ee\n'), options);
    expect(log.toString()).toBe(expected);
  });
});
