import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { FileLink } from './html/links.ts';
import { renderHtml } from './html/page.ts';
import { junit } from './junit.ts';
import type { RunResult } from './model.ts';
import { parseResults } from './schema.ts';

export interface WrittenReport {
  readonly html: string;
  readonly json: string;
  readonly junit: string;
  /** `latest` beside the run's folder; `null` where a link cannot be made (then the report is there all the same). */
  readonly latest: string | null;
}

/** More files than these are not listed one by one; their folders still are in the run's. */
const MOST_FILES = 2000;

/** Readers see the old file or the new one, never half of one, even if the harness is killed here. */
async function replace(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

const own = new Set(['index.html', 'results.json', 'junit.xml']);

async function filesOf(runDir: string): Promise<readonly FileLink[]> {
  const entries = await readdir(runDir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
    .map((entry) => path.relative(runDir, path.join(entry.parentPath, entry.name)))
    .filter((file) => !own.has(file))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .slice(0, MOST_FILES);
  const sized = await Promise.all(
    files.map(async (file) => ({
      path: file.split(path.sep).join('/'),
      // Logs are still being written, and temporary files vanish.
      size: await stat(path.join(runDir, file)).then(
        ({ size }) => size,
        () => null,
      ),
    })),
  );
  return sized.flatMap(({ path: name, size }) => (size === null ? [] : [{ path: name, size }]));
}

async function linkLatest(runDir: string): Promise<string | null> {
  const latest = path.join(path.dirname(runDir), 'latest');
  const temporary = `${latest}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await symlink(path.basename(runDir), temporary, 'dir');
    await rename(temporary, latest);
    return latest;
  } catch {
    // A file system without links, or somebody's own folder of that name: the report matters more.
    await rm(temporary, { force: true });
    return null;
  }
}

/**
 * Reads a run back from its folder, e.g. to write its report again.
 *
 * @throws Error naming the file, if it is not there or not a run's results
 */
export async function readResults(runDir: string): Promise<RunResult> {
  const file = path.join(runDir, 'results.json');
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Error(`${runDir}: expected a run's folder with results.json, but ${error.message}`);
  });
  return parseResults(text, file);
}

/**
 * Writes `results.json`, `junit.xml` and `index.html` into the run's folder and points `latest` beside it there. May
 * be called after each step of a run: files are replaced as a whole, and whatever is known by then is in them.
 *
 * @param runDir the run's folder; made if need be. Files found in it are linked from the page.
 * @throws the file system's error if a file cannot be written
 */
export async function writeReport(run: RunResult, runDir: string): Promise<WrittenReport> {
  const folder = path.resolve(runDir);
  await mkdir(folder, { recursive: true });
  const files = {
    html: path.join(folder, 'index.html'),
    json: path.join(folder, 'results.json'),
    junit: path.join(folder, 'junit.xml'),
  };
  // The machine-readable result first: the other two can be made from it again.
  await replace(files.json, `${JSON.stringify(run, null, 1)}\n`);
  await replace(files.junit, junit(run));
  await replace(files.html, renderHtml(run, await filesOf(folder)));
  return { ...files, latest: await linkLatest(folder) };
}
