import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { abortedRun, sampleRun } from './testing/sample-run.ts';
import { readResults, writeReport } from './write.ts';

let reports: string;

beforeEach(async () => {
  reports = await mkdtemp(path.join(tmpdir(), 'report-'));
});

afterEach(async () => {
  await rm(reports, { recursive: true });
});

describe('writeReport', () => {
  it('writes page, results and JUnit, and points latest there', async () => {
    const written = await writeReport(sampleRun(), path.join(reports, 'one'));
    expect((await readdir(path.join(reports, 'one'))).sort()).toEqual([
      'index.html',
      'junit.xml',
      'results.json',
    ]);
    expect(await readResults(path.join(reports, 'one'))).toEqual(sampleRun());
    expect(await readlink(path.join(reports, 'latest'))).toBe('one');
    expect(written.latest).toBe(path.join(reports, 'latest'));
  });

  it('may be called again and again, for one run and the next', async () => {
    await writeReport(abortedRun(), path.join(reports, 'one'));
    const again = await writeReport(sampleRun(), path.join(reports, 'one'));
    expect(await readFile(again.html, 'utf8')).toContain('4 failed');
    await writeReport(sampleRun(), path.join(reports, 'two'));
    expect(await readlink(path.join(reports, 'latest'))).toBe('two');
    expect((await readdir(reports)).sort()).toEqual(['latest', 'one', 'two']);
  });

  it('links the files that are there, and not itself', async () => {
    const folder = path.join(reports, 'one', 'scenarios/crash-an-orderer/logs');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'peer 0#1.log'), 'x'.repeat(4100));
    await writeFile(path.join(reports, 'one', 'engine-events.jsonl'), '');
    await writeReport(sampleRun(), path.join(reports, 'one'));
    const { html } = await writeReport(sampleRun(), path.join(reports, 'one'));
    const page = await readFile(html, 'utf8');
    const links = [...page.matchAll(/<a href="([^"#][^"]*)">([^<]*)<\/a> <small>([^<]*)/g)].map(
      ([, href, name, size]) => [href, name, size],
    );
    expect(links).toEqual([
      ['scenarios/crash-an-orderer/logs/peer%200%231.log', 'peer 0#1.log', '4.1 kB'],
      ['engine-events.jsonl', 'engine-events.jsonl', '0 B'],
    ]);
  });

  it('says which folder is no run', async () => {
    await expect(readResults(path.join(reports, 'none'))).rejects.toThrow(
      /none: expected a run's folder with results\.json, but ENOENT/,
    );
  });

  it('leaves a folder of that name alone', async () => {
    await mkdir(path.join(reports, 'latest'));
    const written = await writeReport(sampleRun(), path.join(reports, 'one'));
    expect(written.latest).toBeNull();
    expect((await readdir(reports)).sort()).toEqual(['latest', 'one']);
  });
});
