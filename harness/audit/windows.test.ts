import { Windows } from './windows.ts';

describe('Windows', () => {
  it('hands out what may have happened at a height, from its first to its last', () => {
    const items = [
      { name: 'late', from: 7, to: 9 },
      { name: 'early', from: 2, to: 4 },
      { name: 'short', from: 3, to: 3 },
      { name: 'past', from: 1, to: 1 },
    ];
    const windows = new Windows(items);
    const at = (height: number) => windows.at(height).map(({ name }) => name);
    expect([2, 3, 4, 5, 6, 7, 8, 9, 10].map(at)).toEqual([
      // Heights need not begin before the first window; what was past by then is handed out once.
      ['past', 'early'],
      ['early', 'short'],
      ['early'],
      [],
      [],
      ['late'],
      ['late'],
      ['late'],
      [],
    ]);
    expect(items.map(({ name }) => name)).toEqual(['late', 'early', 'short', 'past']);
  });
});
