import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import type { ScenarioResult } from '../../report/model.ts';
import { declaredBy } from '../run/declared.ts';
import { RUN_CONTEXT, type RunContext } from '../run/run-context.ts';

jest.unstable_mockModule('../../engine/engine.ts', () => ({ findEngine: async () => undefined }));
const { declare } = await import('./scenario.ts');

const here = fileURLToPath(import.meta.url);
const callLine =
  readFileSync(here, 'utf8')
    .split('\n')
    .findIndex((line) => line.trim() === 'declare(name, {}, unused);') + 1;
const unused = async (): Promise<ScenarioResult> => {
  throw new Error('expected no network, and so no run');
};

/** Declares as a scenario file does, with the function that jest would be given for its turn. */
function declared(name: string): () => Promise<void> {
  const { test } = globalThis;
  let body: (() => Promise<void>) | undefined;
  globalThis.test = ((_: string, given: () => Promise<void>) => {
    body = given;
  }) as unknown as typeof test;
  try {
    declare(name, {}, unused);
  } finally {
    globalThis.test = test;
  }
  if (!body) throw new Error('declare: expected it to register a test');
  return body;
}

describe('a declaration', () => {
  let runFolder: string;
  beforeEach(() => {
    runFolder = mkdtempSync(path.join(tmpdir(), 'declare-'));
    const context: RunContext = {
      ...{ runFolder, origin: Date.now(), seed: 7, network: 'none', suite: 'own' },
      suffix: '1a2b',
      told: 'lines',
      swarm: 'machines',
    };
    process.env[RUN_CONTEXT] = JSON.stringify(context);
  });
  afterEach(() => {
    delete process.env[RUN_CONTEXT];
    rmSync(runFolder, { recursive: true, force: true });
  });

  it('is in the run before the scenario has its turn, with the line of the call', () => {
    declared('crash an orderer');
    expect(declaredBy(runFolder).get(here)).toMatchObject([
      {
        source: here,
        place: {
          name: 'crash an orderer',
          folder: 'scenarios/crash-an-orderer',
          file: here,
          line: callLine,
          suite: 'own',
          channel: 'crash-an-orderer-1a2b',
        },
      },
    ]);
  });

  it('has what was thrown instead of a result', async () => {
    await expect(declared('crash an orderer')()).rejects.toThrow(/expected it to run/);
    expect(declaredBy(runFolder).get(here)?.[0]).toMatchObject({
      begunAt: expect.any(Number),
      thrown: 'network "none": expected it to run, seen none',
    });
  });
});

it('outside a run, only its turn says how to start one', async () => {
  await expect(declared('crash a peer')()).rejects.toThrow(/harness test --scenario FILE/);
});
