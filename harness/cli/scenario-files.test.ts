import { UsageError } from '../base/errors.ts';
import { ofShard, scenarioFiles } from './scenario-files.ts';

describe('shards', () => {
  const files = ['a', 'b', 'c', 'd', 'e'];

  it('together have each file once', () => {
    const shards = ['1/3', '2/3', '3/3'].map((shard) => ofShard(files, shard));
    expect(shards).toEqual([['a', 'd'], ['b', 'e'], ['c']]);
  });

  it.each(['0/3', '4/3', '1', '1/0', 'a/b', '1/3/5', '-1/3'])('are not %s', (shard) => {
    expect(() => ofShard(files, shard)).toThrow(UsageError);
  });

  it('are never empty', () => {
    expect(() => ofShard(['a'], '2/2')).toThrow('expected at most 1 shards');
  });
});

it('a suite in shards is the whole suite', () => {
  const all = scenarioFiles({ suite: 'nightly' });
  const parts = ['1/2', '2/2'].flatMap((shard) => scenarioFiles({ suite: 'nightly', shard }));
  expect(parts.toSorted()).toEqual(all);
});
