import { loadTopology } from '../topology/load.ts';
import { orderingFinding, renderFindings } from './doctor.ts';

const FINE = { subject: 'go', state: 'ok', found: '1.26.8', needed: '1.24 or newer', fix: '' };

it('every finding shows what was found, what is needed and what to do, good ones too', () => {
  const missing = {
    ...FINE,
    state: 'missing',
    found: 'not found',
    fix: 'apt-get install',
  } as const;
  expect(renderFindings([{ ...FINE, state: 'ok' }, missing])).toBe(
    [
      '✓ go                 found   1.26.8',
      '                     needed  1.24 or newer',
      '                     fix     none',
      '✗ go                 found   not found',
      '                     needed  1.24 or newer',
      '                     fix     apt-get install',
    ].join('\n'),
  );
});

it('what is long goes on below its beginning, within 80 columns', () => {
  const found = Array.from({ length: 30 }, (_, i) => `word${i}`).join(' ');
  const lines = renderFindings([{ ...FINE, state: 'limited', found }]).split('\n');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines[1]).toMatch(/^ {29}word/);
  expect(lines.join(' ').match(/word\d+/g)).toHaveLength(30);
});

it.each([
  ['article', 'kafka on Fabric 2.5.9, 2 orderers (topology article)', /JVM/],
  ['raft3', 'raft on Fabric 3.1.1, 3 orderers (topology raft3)', /128 MB of disk/],
  ['bft', 'bft on Fabric 3.1.1, 4 orderers (topology bft)', /four orderers/],
])('tells of %s who orders, and what that takes', (name, found, needed) => {
  const finding = orderingFinding(loadTopology(`fixtures/network/${name}.yaml`));
  expect(finding).toMatchObject({ subject: 'ordering', found });
  expect(finding.needed).toMatch(needed);
});
