import { choices } from './choices.ts';

const place = (name: string, run: string) => ({ name, channel: `crash-an-orderer-${run}` });
const drawn = (seed: number, name: string, fault: number, run = '1a2b') => {
  const next = choices(seed, place(name, run), fault);
  return [next(), next(), next()];
};

describe('choices', () => {
  it('are the same in every run with a seed, whatever its channels are called', () => {
    expect(drawn(7, 'crash an orderer', 0, '93ff')).toEqual(drawn(7, 'crash an orderer', 0));
  });

  it('differ by seed, scenario and fault', () => {
    const all = [
      drawn(7, 'crash an orderer', 0),
      drawn(8, 'crash an orderer', 0),
      drawn(7, 'crash a peer', 0),
      drawn(7, 'crash an orderer', 1),
    ];
    expect(new Set(all.flat()).size).toBe(12);
  });
});
