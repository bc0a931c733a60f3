/** Machines in words, for a step that is about them: `machine 1`, `machines 2, 3`. */
export function onMachines(numbers: Iterable<number>): string {
  const each = [...new Set(numbers)].sort((a, b) => a - b);
  return `machine${each.length === 1 ? '' : 's'} ${each.join(', ')}`;
}
