import { randomStream } from './random.ts';

const draw = (seed: number, label: string, count = 8) => {
  const random = randomStream(seed, label);
  return Array.from({ length: count }, () => random.integer(0, 999));
};

describe('random streams', () => {
  it('repeat, and differ by seed and by label', () => {
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    expect(draw(1, '1')).not.toEqual(draw(11, ''));
  });

  it('stay what they are: a saved seed must mean the same workload tomorrow', () => {
    expect(draw(42, 'client 0')).toEqual([283, 167, 563, 993, 565, 255, 823, 303]);
  });

  it('keep their bounds and reach them', () => {
    const random = randomStream(3, 'bounds');
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(5, 8)));
    expect([...seen].sort()).toEqual([5, 6, 7, 8]);
    const picked = new Set(Array.from({ length: 200 }, () => random.pick(['x', 'y', 'z'])));
    expect([...picked].sort()).toEqual(['x', 'y', 'z']);
  });

  it('give a chance its probability', () => {
    const random = randomStream(4, 'chance');
    const hits = Array.from({ length: 10_000 }, () => random.chance(0.3)).filter(Boolean).length;
    expect(hits).toBeGreaterThan(2_800);
    expect(hits).toBeLessThan(3_200);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  });

  it('cannot pick from nothing', () => {
    expect(() => randomStream(1, 'a').pick([])).toThrow(RangeError);
  });
});
