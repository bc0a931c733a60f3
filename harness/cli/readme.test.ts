import { readFileSync } from 'node:fs';

const readme = readFileSync('README.md', 'utf8');

it('shows the program that talks to an exported network as it is', () => {
  expect(readme).toContain(readFileSync('fixtures/programs/node/query.mjs', 'utf8'));
});
