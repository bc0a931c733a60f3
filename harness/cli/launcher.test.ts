import { chainToLauncher, factsOf, isWhole, type ProcessFacts } from './launcher.ts';

type Table = Readonly<Record<number, readonly [parent: number, name: string]>>;

const lookUp =
  (table: Table) =>
  (pid: number): ProcessFacts | undefined => {
    const entry = table[pid];
    return entry && { parent: entry[0], name: entry[1] };
  };
const npm: Table = { 9: [8, 'node'], 8: [7, 'sh'], 7: [6, 'npm start'], 6: [1, 'bash'] };

describe('the chain to the launcher', () => {
  it('ends at npm, beyond a shell in between', () => {
    expect(chainToLauncher(9, undefined, lookUp(npm))).toEqual([9, 8, 7]);
  });

  it('ends at npm also when bin.js is in between, and at bin.js without npm', () => {
    const both = { ...npm, 10: [9, 'node'] } as const;
    expect(chainToLauncher(10, 9, lookUp(both))).toEqual([10, 9, 8, 7]);
    expect(chainToLauncher(3, 2, lookUp({ 3: [2, 'node'], 2: [1, 'node'] }))).toEqual([3, 2]);
  });

  it('is empty when a shell started this process, which may end without meaning it', () => {
    expect(chainToLauncher(9, undefined, lookUp({ 9: [8, 'node'], 8: [1, 'bash'] }))).toEqual([]);
    expect(chainToLauncher(9, undefined, () => undefined)).toEqual([]);
  });

  it('is whole until one of it has another parent', () => {
    expect(isWhole([9, 8, 7], lookUp(npm))).toBe(true);
    expect(isWhole([9, 8, 7], lookUp({ ...npm, 8: [1, 'sh'] }))).toBe(false);
    expect(isWhole([9, 8, 7], lookUp({ 9: [1, 'node'] }))).toBe(false);
  });

  it('is read from /proc', () => {
    expect(factsOf(process.pid)?.parent).toBe(process.ppid);
    expect(factsOf(2 ** 30)).toBeUndefined();
  });
});
