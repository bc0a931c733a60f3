import { silenceWarning } from './warnings.ts';

it('keeps back one kind of warning, and no other', () => {
  const seen: unknown[][] = [];
  const target = { emitWarning: (...args: unknown[]) => void seen.push(args) };
  silenceWarning('TimeoutNegativeWarning', target);
  target.emitWarning('-1 is a negative number.', 'TimeoutNegativeWarning');
  target.emitWarning('old', 'DeprecationWarning', 'DEP0001');
  target.emitWarning('plain');
  const error = Object.assign(new Error('-1'), { name: 'TimeoutNegativeWarning' });
  target.emitWarning(error);
  expect(seen).toEqual([['old', 'DeprecationWarning', 'DEP0001'], ['plain']]);
});
