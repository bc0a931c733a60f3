import { expectationsOn } from './definition.ts';

const expected = { recovery: 60_000, ok: { before: 0.95, during: 0.8 }, mostOkDuring: 0 };

describe('expectationsOn', () => {
  it('is what the scenario says where nothing else is said of the service', () => {
    expect(expectationsOn(expected, 'kafka')).toEqual(expected);
    expect(expectationsOn({ ...expected, on: { bft: { recovery: 1 } } }, 'raft')).toEqual(expected);
  });

  it('replaces single expectations, and takes away those that are undefined', () => {
    const on = { raft: { recovery: 20_000, mostOkDuring: undefined } };
    expect(expectationsOn({ ...expected, on }, 'raft')).toEqual({
      recovery: 20_000,
      ok: { before: 0.95, during: 0.8 },
    });
  });
});
