import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { extract } from 'tar-stream';
import { ignores, packFolder } from './context.ts';

describe('ignores', () => {
  it.each([
    ['node_modules', 'node_modules/a/b.js', true],
    ['node_modules', 'sub/node_modules/a', false],
    ['**/node_modules', 'sub/node_modules/a', true],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/a.md', false],
    ['/dist/', 'dist/x', true],
    ['*\n!src\n!package.json', 'src/a.ts', false],
    ['*\n!src', 'README', true],
    ['# a\n\na?c', 'abc', true],
    ['', 'x', false],
  ])('%j leaves out %s: %s', (text, file, expected) => {
    expect(ignores(text)(file)).toBe(expected);
  });
});

describe('packFolder', () => {
  it('packs what is not ignored, with the Dockerfile that it is given', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'context-'));
    try {
      mkdirSync(path.join(folder, 'node_modules/a'), { recursive: true });
      writeFileSync(path.join(folder, 'node_modules/a/index.js'), '');
      writeFileSync(path.join(folder, 'main.js'), 'main');
      writeFileSync(path.join(folder, 'Dockerfile'), 'FROM old');
      writeFileSync(path.join(folder, '.dockerignore'), 'node_modules');
      const seen: Record<string, string> = {};
      for await (const entry of packFolder(folder, 'FROM new').pipe(extract())) {
        let text = '';
        for await (const chunk of entry) text += chunk;
        seen[entry.header.name] = text;
      }
      expect(seen).toEqual({
        '.dockerignore': 'node_modules',
        'main.js': 'main',
        Dockerfile: 'FROM new',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
