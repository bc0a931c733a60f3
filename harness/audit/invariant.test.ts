import { conserved, type Invariant, neverNegative, readBack, savedInvariant } from './invariant.ts';

const asked = { name: 'mine', guarantee: 'All is well.' };
const state = { get: () => undefined, entries: () => [] };

describe('an invariant', () => {
  it('is saved as text, and reads back as what it was', () => {
    const own: Invariant<{ readonly most: number }> = {
      ...asked,
      parameters: { most: 2 },
      height: (_, number, { most }) => (number > most ? `block ${number}` : undefined),
    };
    const saved: unknown = JSON.parse(JSON.stringify(savedInvariant(own)));
    expect(saved).toEqual({ ...asked, parameters: { most: 2 }, height: expect.any(String) });
    const { height, parameters } = readBack(saved as ReturnType<typeof savedInvariant>);
    expect([1, 2, 3].map((number) => height?.(state, number, parameters))).toEqual([
      undefined,
      undefined,
      'block 3',
    ]);
  });

  it('may be written as a method, or as a function of the old kind', () => {
    const method = {
      ...asked,
      operation() {
        return 'method';
      },
    };
    function operationOfOld() {
      return 'old';
    }
    const old = { ...asked, operation: operationOfOld };
    const operation = { operation: 1, kind: 'submit', function: 'f', args: [] } as const;
    const told = {
      ...operation,
      outcome: 'ok',
      refused: false,
      result: '',
      committed: true,
    } as const;
    for (const [one, words] of [
      [method, 'method'],
      [old, 'old'],
    ] as const) {
      expect(readBack(savedInvariant(one)).operation?.(told, state, undefined)).toBe(words);
    }
  });

  it('is refused when it asks nothing, or when its text is no function', () => {
    expect(() => savedInvariant(asked)).toThrow(
      'invariant mine: expected a function for transaction, height, operation, read, seen none',
    );
    expect(() => readBack({ ...asked, height: '1 + 1' })).toThrow(
      'invariant mine: height: expected a function, seen 1 + 1',
    );
    expect(() => savedInvariant({ ...asked, height: String.prototype.trim as never })).toThrow(
      'expected a function, seen function trim() { [native code] }',
    );
  });

  it('reaches nothing from outside', () => {
    const { height } = readBack({ ...asked, height: '() => typeof process + typeof require' });
    expect(height?.(state, 1, undefined)).toBe('undefinedundefined');
  });
});

describe('conserved and neverNegative', () => {
  const transaction = (before: string | null, after: string | null, more: object = {}) => ({
    ...{ id: 't', block: 9, function: 'move', args: [], setUp: false, ...more },
    changes: [
      { key: 'a', before, after },
      { key: 'b', before: '{"amount":"5"}', after: '{"amount":4}' },
      { key: 'c', before: 'plain', after: '[1]' },
    ],
  });
  const judged = (invariant: Invariant<never> | object, given: ReturnType<typeof transaction>) => {
    const read = readBack(savedInvariant(invariant as Invariant));
    return read.transaction?.(given, state, read.parameters);
  };

  it('accepts what is moved, and rejects what comes or goes', () => {
    expect(
      judged(conserved('amount'), transaction('{"amount":1}', '{"amount":2}')),
    ).toBeUndefined();
    expect(judged(conserved('amount'), transaction('{"amount":1}', '{"amount":1}'))).toEqual({
      key: 'a',
      message: 'changed the sum of amount by -1',
    });
    expect(judged(conserved('amount'), transaction(null, '{"amount":1.5}'))).toEqual({
      key: 'a',
      message: 'left amount of a that is no whole number',
    });
  });

  it('allows set-up and the functions that are there for it to create', () => {
    const created = (more: object) =>
      judged(conserved('amount', { except: ['issue'] }), transaction(null, '{"amount":9}', more));
    expect(created({})).toMatchObject({ message: 'changed the sum of amount by 8' });
    expect(created({ setUp: true })).toBeUndefined();
    expect(created({ function: 'issue' })).toBeUndefined();
  });

  it('counts beyond what a number holds, in digits', () => {
    const most = '900719925474099300000';
    expect(
      judged(conserved('amount'), transaction(`{"amount":"${most}"}`, `{"amount":"${most}"}`)),
    ).toMatchObject({ message: 'changed the sum of amount by -1' });
  });

  it('rejects what falls below zero', () => {
    expect(judged(neverNegative('amount'), transaction(null, '{"amount":0}'))).toBeUndefined();
    expect(judged(neverNegative('amount'), transaction(null, '{"amount":-1}'))).toEqual({
      key: 'a',
      message: 'left amount of a at -1',
    });
  });
});
