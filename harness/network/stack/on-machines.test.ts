import { onMachines } from './on-machines.ts';

it.each([
  [[1], 'machine 1'],
  [[3, 3, 2], 'machines 2, 3'],
  [[10, 2, 1], 'machines 1, 2, 10'],
])('%j are "%s"', (numbers, words) => {
  expect(onMachines(numbers)).toBe(words);
});
