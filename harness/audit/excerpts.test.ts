import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findExcerpts } from './excerpts.ts';
import type { AllowedLog } from './recording.ts';

let run: string;
beforeEach(() => {
  run = mkdtempSync(path.join(tmpdir(), 'excerpts-'));
});
afterEach(() => rmSync(run, { recursive: true, force: true }));

function log(component: string, ...lines: readonly string[]): void {
  mkdirSync(path.join(run, 'scenarios/x/logs'), { recursive: true });
  writeFileSync(path.join(run, `scenarios/x/logs/${component}.log`), `${lines.join('\n')}\n`);
}
const find = (...allowed: readonly AllowedLog[]) =>
  findExcerpts(path.join(run, 'scenarios/x'), 'scenarios/x', allowed);
const found = (...allowed: readonly AllowedLog[]) =>
  find(...allowed).map(({ component, lines, anomaly = -1 }) => `${component}: ${lines[anomaly]}`);
const at = (second: number) => `2026-11-24T17:49:0${second}.000Z`;

describe('log excerpts', () => {
  it('are the earliest by time, whatever the components are called and however they write it', () => {
    for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      log(name, `${at(index + 4)} INFO fine`, `${at(index + 4)} FATA dead`);
    }
    log('kafka3', '[2026-11-24 17:49:03,100] FATAL Shutdown broker');
    log('zookeeper0', '[2026-11-24 17:49:03,050] FATAL gone');
    expect(found()).toEqual([
      'zookeeper0: [2026-11-24 17:49:03,050] FATAL gone',
      'kafka3: [2026-11-24 17:49:03,100] FATAL Shutdown broker',
      `a: ${at(4)} FATA dead`,
      `b: ${at(5)} FATA dead`,
      `c: ${at(6)} FATA dead`,
    ]);
  });

  it('show first what the audit objects to, though another line came before it', () => {
    log('a', `${at(1)} INFO no fatal problem`, `${at(2)} INFO fatal, it says`);
    log('b', `${at(1)} INFO not fatal either`, `${at(7)} PANI 03e Cannot set up`);
    expect(found()).toEqual([
      `b: ${at(7)} PANI 03e Cannot set up`,
      `a: ${at(1)} INFO no fatal problem`,
    ]);
  });

  it('give a trace without times the time of the line before it, else of the next', () => {
    log('a', `${at(3)} INFO x`, 'panic: nil map', 'goroutine 1 [running]:', `${at(1)} INFO y`);
    log('b', 'panic: at once', `${at(2)} INFO restarted`);
    log('c', 'panic: who knows when');
    expect(found()).toEqual(['b: panic: at once', 'a: panic: nil map', 'c: panic: who knows when']);
  });

  it('leave out what the scenario allows, in the components for which it does', () => {
    log('a', 'panic: as planned', 'panic: another');
    log('b', 'panic: as planned');
    const rule = { pattern: 'as planned', reason: 'the fault' };
    expect(found(rule)).toEqual(['a: panic: another']);
    expect(found({ ...rule, components: ['a'] })).toEqual([
      'a: panic: another',
      'b: panic: as planned',
    ]);
  });

  it('allow nothing by a pattern that is none; the audit says so', () => {
    log('a', 'panic: x');
    expect(found({ pattern: '(', reason: 'a mistake' })).toEqual(['a: panic: x']);
  });

  it('have the lines around, cut to a width, and where the whole log is', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    log('orderer1', ...lines.slice(0, 10), `panic: ${'x'.repeat(500)}`, ...lines.slice(10));
    const [excerpt] = find();
    expect(excerpt).toMatchObject({
      component: 'orderer1',
      file: 'scenarios/x/logs/orderer1.log',
      anomaly: 6,
    });
    expect(excerpt?.lines).toHaveLength(13);
    expect(excerpt?.lines[0]).toBe('line 4');
    expect(excerpt?.lines[6]).toHaveLength(400);
  });

  it('are none where nothing is remarkable or no log was saved', () => {
    expect(find()).toEqual([]);
    log('a', `${at(1)} INFO fine`);
    expect(find()).toEqual([]);
  });
});
