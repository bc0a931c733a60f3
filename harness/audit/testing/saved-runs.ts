import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { judge } from '../judge.ts';
import type { ScenarioResult } from '../result.ts';

/**
 * Scenarios that a real network has run: the evidence that each left, and the result that it gave then. After a change of
 * the checks, `node harness/audit/testing/saved-runs.ts` judges them again and writes what differs; look at the
 * difference before you commit it. `node harness/audit/testing/saved-runs.ts NAME FOLDER` takes in another one.
 */
const SAVED = path.join(import.meta.dirname, 'saved');
const evidenceOf = (name: string) => path.join(SAVED, `${name}.tar.gz`);
const resultOf = (name: string) => path.join(SAVED, `${name}.result.json`);

export const savedRuns = (): string[] =>
  readdirSync(SAVED)
    .filter((file) => file.endsWith('.tar.gz'))
    .map((file) => file.slice(0, -'.tar.gz'.length))
    .sort();

export const savedResult = (name: string): ScenarioResult =>
  JSON.parse(readFileSync(resultOf(name), 'utf8')) as ScenarioResult;

/** Puts a run's evidence into an empty folder. */
export async function unpack(name: string, folder: string): Promise<void> {
  const archive = extract();
  const reading = pipeline(Readable.from(readFileSync(evidenceOf(name))), createGunzip(), archive);
  for await (const entry of archive) {
    const file = path.join(folder, entry.header.name);
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, Buffer.concat(parts));
  }
  await reading;
}

/** Where the author's file was is nobody's business; result and evidence then say the same. */
const elsewhere = (text: string): string =>
  text.replaceAll(/"(file|source)": *"\/[^"]*\/([^"/]+\.scenario\.[a-z]+)"/g, '"$1": "/own/$2"');

/** Takes in a scenario's folder, with the result that it gave when it ran. */
async function takeIn(name: string, folder: string): Promise<void> {
  const archive = pack();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'result.json')
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  for (const file of files) {
    const bytes = readFileSync(path.join(folder, file));
    const content = file === 'scenario.json' ? Buffer.from(elsewhere(bytes.toString())) : bytes;
    archive.entry({ name: file, mtime: new Date(0) }, content);
  }
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) parts.push(part as Buffer);
  writeFileSync(evidenceOf(name), gzipSync(Buffer.concat(parts), { level: 9 }));
  writeFileSync(
    resultOf(name),
    elsewhere(readFileSync(path.join(folder, 'result.json'), 'utf8'))
      .trimEnd()
      .concat('\n'),
  );
}

async function judgeAgain(): Promise<void> {
  const { mkdtempSync, rmSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  for (const name of savedRuns()) {
    const folder = mkdtempSync(path.join(tmpdir(), 'saved-'));
    await unpack(name, folder);
    writeFileSync(resultOf(name), `${JSON.stringify(judge(folder), null, 2)}\n`);
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  const [name, folder] = process.argv.slice(2);
  if (name !== undefined && folder !== undefined) await takeIn(name, folder);
  else await judgeAgain();
}
