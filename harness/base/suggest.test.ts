import { editDistance, nearest } from './suggest.ts';

describe('editDistance', () => {
  it.each([
    ['', 'abc', 3],
    ['seed', 'seed', 0],
    ['seeds', 'seed', 1],
    ['sede', 'seed', 1],
    ['kitten', 'sitting', 3],
  ])('of %j and %j is %i', (one, other, edits) => {
    expect(editDistance(one, other)).toBe(edits);
    expect(editDistance(other, one)).toBe(edits);
  });
});

describe('nearest', () => {
  const words = ['name', 'seed', 'topology', 'up timeout'] as const;
  it.each([
    ['topolgy', 'topology'],
    ['nmae', 'name'],
    ['up timeuot', 'up timeout'],
    ['path', undefined],
    ['need to', undefined],
  ])('of %j is %j', (word, meant) => {
    expect(nearest(word, words)).toBe(meant);
  });
});
