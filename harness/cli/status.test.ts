import { managersLine } from './status.ts';

describe('the line about managers', () => {
  const of = (...managers: readonly number[]) =>
    managersLine({
      machines: [1, 2, 3, 4, 5, 6].map((number) => ({
        number,
        role: managers.includes(number) ? ('manager' as const) : ('worker' as const),
      })),
    });

  it('says what the Swarm needs', () => {
    expect(of(4)).toBe('Swarm managed by machine 4 alone');
    expect(of(1, 3)).toBe(
      'Swarm managed by machines 1, 3; quorum 2 of 2: none of them may be lost',
    );
    expect(of(2, 3, 4)).toBe(
      'Swarm managed by machines 2, 3, 4; quorum 2 of 3: 1 of them may be lost',
    );
    expect(of(1, 2, 3, 4)).toMatch(/quorum 3 of 4: 1 of them may be lost$/);
    expect(of(1, 2, 3, 4, 5)).toMatch(/quorum 3 of 5: 2 of them may be lost$/);
  });
});
