import type Docker from 'dockerode';
import { canHave, credentialsFor, RegistryCache } from './registry.ts';

const auth = Buffer.from('user:pass:word').toString('base64');
const none = async () => {
  throw new Error('credentials not found');
};

describe('credentialsFor', () => {
  it('reads what the configuration stores, also under the address with a scheme', async () => {
    const expected = { username: 'user', password: 'pass:word', serveraddress: 'r:5000' };
    expect(await credentialsFor('r:5000', { auths: { 'r:5000': { auth } } }, none)).toEqual(
      expected,
    );
    expect(await credentialsFor('r:5000', { auths: { 'https://r:5000': { auth } } }, none)).toEqual(
      expected,
    );
  });

  it('asks the helper of the host before the general one', async () => {
    const asked: string[] = [];
    const helper = async (name: string, host: string) => {
      asked.push(`${name} ${host}`);
      return { Username: 'u', Secret: 's' };
    };
    const config = { credsStore: 'general', credHelpers: { r: 'special' } };
    expect(await credentialsFor('r', config, helper)).toMatchObject({ username: 'u' });
    expect(asked).toEqual(['special r']);
  });

  it('has none where nothing is stored, and where the helper fails', async () => {
    expect(await credentialsFor('r', {}, none)).toBeUndefined();
    expect(await credentialsFor('r', { credsStore: 'broken', auths: {} }, none)).toBeUndefined();
  });
});

function engine(answer: { inspect?: number; distribution?: 'yes' | 'no' | 'never' }): Docker {
  return {
    getImage: () => ({
      inspect: () =>
        answer.inspect === undefined
          ? Promise.resolve({})
          : Promise.reject(Object.assign(new Error('inspect'), { statusCode: answer.inspect })),
      distribution: () =>
        answer.distribution === 'never'
          ? new Promise(() => {})
          : answer.distribution === 'yes'
            ? Promise.resolve({})
            : Promise.reject(new Error('no such host')),
    }),
  } as unknown as Docker;
}

describe('canHave', () => {
  it('is true for a present image and for one that a registry offers', async () => {
    expect(await canHave(engine({}), 'x')).toBe(true);
    expect(await canHave(engine({ inspect: 404, distribution: 'yes' }), 'x')).toBe(true);
  });

  it('is false when the registry refuses, and when it does not answer in time', async () => {
    expect(await canHave(engine({ inspect: 404, distribution: 'no' }), 'x')).toBe(false);
    expect(await canHave(engine({ inspect: 404, distribution: 'never' }), 'x', 5)).toBe(false);
  });

  it('passes on an error of the engine itself', async () => {
    await expect(canHave(engine({ inspect: 500 }), 'x')).rejects.toThrow('inspect');
  });
});

describe('RegistryCache', () => {
  function failing(message: string) {
    const asked: string[] = [];
    const notices: string[] = [];
    const docker = {
      pull: async (name: string) => {
        asked.push(name);
        throw new Error(message);
      },
      getImage: () => ({
        tag: async () => {},
        remove: async () => {},
        push: async () => {
          throw new Error(message);
        },
      }),
    } as unknown as Docker;
    return {
      cache: new RegistryCache(docker, 'r:5000/team', (n) => notices.push(n)),
      asked,
      notices,
    };
  }

  it('goes on asking a registry that lacks an image', async () => {
    const { cache, asked, notices } = failing('manifest unknown');
    expect(await cache.pull('fabric-swarm-harness/kafka:1')).toBe(false);
    expect(await cache.pull('fabric-swarm-harness/bank:2')).toBe(false);
    expect(asked).toEqual(['r:5000/team/kafka:1', 'r:5000/team/bank:2']);
    expect(notices).toEqual([]);
  });

  it('gives one notice, and does not ask again, when the registry fails', async () => {
    const { cache, asked, notices } = failing('connection refused');
    expect(await cache.pull('fabric-swarm-harness/kafka:1')).toBe(false);
    expect(await cache.pull('fabric-swarm-harness/bank:2')).toBe(false);
    expect(asked).toHaveLength(1);
    expect(notices).toEqual([expect.stringContaining('connection refused')]);
  });

  it('takes a refused push as a notice', async () => {
    const { cache, notices } = failing('denied');
    await cache.push('fabric-swarm-harness/kafka:1');
    expect(cache.takesPushes).toBe(false);
    expect(notices).toEqual([expect.stringContaining('denied')]);
  });
});
