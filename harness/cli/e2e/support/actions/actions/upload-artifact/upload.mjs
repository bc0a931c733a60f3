import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const { NAME, PATHS, MISSING, STANDIN_FOLDER } = process.env;
const target = path.join(STANDIN_FOLDER, 'artifacts', NAME);
if (!/^[^":<>|*?\r\n\\/]+$/.test(NAME)) fail(`the artefact's name is not valid: ${NAME}`);
if (existsSync(target)) fail(`an artefact of this name exists already: ${NAME}`);

function fail(message) {
  console.log(`::error::${message}`);
  process.exit(1);
}

const lines = PATHS.split('\n').map((line) => line.trim());
const chosen = lines.filter((line) => line && !line.startsWith('!'));
const excluded = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
const leftOut = (file) => excluded.some((pattern) => path.matchesGlob(file, pattern));
/** Links are followed, as the real one does. */
const filesBelow = (entry) =>
  statSync(entry).isDirectory()
    ? readdirSync(entry).flatMap((name) => filesBelow(path.join(entry, name)))
    : [entry];

const files = chosen
  .filter((entry) => existsSync(entry))
  .flatMap(filesBelow)
  .filter((file) => !leftOut(file));
if (files.length === 0) {
  if (MISSING === 'error') fail(`no files for ${chosen.join(', ')}`);
  console.log(`::warning::no files for ${chosen.join(', ')}`);
}
const base =
  chosen.length === 1 && statSync(chosen[0], { throwIfNoEntry: false })?.isDirectory()
    ? chosen[0]
    : '.';
mkdirSync(target, { recursive: true });
for (const file of files) {
  const to = path.join(target, path.relative(base, file));
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(file, to);
}
console.log(`${files.length} files in ${NAME}`);
