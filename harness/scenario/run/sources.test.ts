import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sourcesHash } from './sources.ts';

let folder: string;
let project: string;
let own: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sources-'));
  project = path.join(folder, 'project');
  own = path.join(folder, 'own.scenario.ts');
  mkdirSync(path.join(project, 'harness'), { recursive: true });
  mkdirSync(path.join(project, 'scenarios'));
  writeFileSync(path.join(project, 'harness/a.ts'), '1');
  writeFileSync(path.join(project, 'scenarios/s.scenario.ts'), '1');
  writeFileSync(own, '1');
});
afterEach(() => rmSync(folder, { recursive: true }));

const hash = (...added: string[]) => sourcesHash(added, project);

it('is the same for the same sources, and another when one has changed', () => {
  const before = hash(own);
  expect(before).toMatch(/^[0-9a-f]{12}$/);
  expect(hash(own)).toBe(before);
  writeFileSync(path.join(project, 'harness/a.test.ts'), 'a test decides nothing');
  expect(hash(own)).toBe(before);
  writeFileSync(own, '2');
  const changed = hash(own);
  expect(changed).not.toBe(before);
  writeFileSync(path.join(project, 'harness/a.ts'), '2');
  expect(hash(own)).not.toBe(changed);
});

it('does not depend on which of the project’s own scenarios are run', () => {
  expect(hash(path.join(project, 'scenarios/s.scenario.ts'))).toBe(hash());
  expect(hash(own)).not.toBe(hash());
});

it('tells one image of a chaincode from another', () => {
  expect(hash('registry/one:1')).not.toBe(hash('registry/one:2'));
});
