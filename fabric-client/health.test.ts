import { Health, rotate } from './health.ts';

const nodes = ['a', 'b', 'c'].map((name) => ({ name }));
const names = (list: readonly { name: string }[]) => list.map((node) => node.name).join('');

describe('Health', () => {
  it('puts suspects last, oldest failure first, and never drops one', () => {
    let now = 0;
    const health = new Health(100, () => now);
    health.failed({ name: 'b' });
    now = 10;
    health.failed({ name: 'a' });
    expect(names(health.choose(nodes))).toBe('cba');
    health.worked({ name: 'b' });
    expect(names(health.choose(nodes))).toBe('bca');
  });

  it('sends one caller, and no more, to a suspect whose time is over', () => {
    let now = 0;
    const health = new Health(100, () => now);
    health.failed({ name: 'a' });
    now = 100;
    expect(names(health.preview(nodes))).toBe('abc');
    expect(names(health.choose(nodes))).toBe('abc');
    expect(names(health.choose(nodes))).toBe('bca');
    health.worked({ name: 'a' });
    expect(names(health.choose(nodes))).toBe('abc');
  });
});

it('turns a list, any number of times', () => {
  expect(rotate([1, 2, 3], 4)).toEqual([2, 3, 1]);
  expect(rotate([], 4)).toEqual([]);
});
