import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createIdentities } from '../../fabric/identities/identities.ts';
import type { Network } from '../../network/port.ts';
import { loadTopology } from '../../topology/load.ts';
import { RunClock } from '../../workload/clock.ts';
import { memoryHistory } from '../../workload/testing/memory-history.ts';
import { buildProgram, operationIn, runProgram } from './program-load.ts';

const topology = loadTopology('fixtures/network/article.yaml');

let network: Network;
let folder: string;
beforeAll(async () => {
  const identities = await createIdentities(topology, {
    1: '10.0.0.1',
    2: '10.0.0.2',
    3: '10.0.0.3',
  });
  network = { name: 'fake', topology, deployment: { topology, identities } } as unknown as Network;
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'program-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const OPERATION = {
  function: 'set',
  args: ['a'],
  transactionId: 'x1',
  outcome: 'ok',
  code: 'VALID',
};

function start(script: string, signal: AbortSignal) {
  const { history, records } = memoryHistory(new RunClock());
  const running = runProgram({
    program: { command: [process.execPath, '-e', script], folder },
    chaincode: 'bank',
    channel: 'c',
    ...{ network, history, folder, signal },
    exportTo: async (_, exported) => writeFileSync(path.join(exported, 'gateway.json'), '{}'),
  });
  return { running, records };
}

describe('buildProgram', () => {
  const build = (...command: readonly string[]) =>
    buildProgram({ command: ['x'], folder, build: command }, folder, new AbortController().signal);

  it('runs to its end in the program’s folder, its output beside the program’s', async () => {
    await build(
      process.execPath,
      '-e',
      `require('node:fs').writeFileSync('made', ''); console.log('made it')`,
    );
    expect(readFileSync(path.join(folder, 'made'), 'utf8')).toBe('');
    expect(readFileSync(path.join(folder, 'program.log'), 'utf8')).toContain('made it');
  });

  it('fails with its last lines', async () => {
    const failing = build(
      process.execPath,
      '-e',
      `console.error('no such module'); process.exit(3)`,
    );
    await expect(failing).rejects.toThrow(/program x: .*exit code 3[\s\S]*no such module/);
  });
});

describe('runProgram', () => {
  it('has each line of JSON in the history, tells the program where the export is, and stops it', async () => {
    const stop = new AbortController();
    const script = `
      const { readFileSync } = require('node:fs');
      const { HARNESS_EXPORT, HARNESS_CHANNEL, HARNESS_CHAINCODE } = process.env;
      console.log('hello', HARNESS_CHANNEL, HARNESS_CHAINCODE, readFileSync(HARNESS_EXPORT + '/gateway.json', 'utf8'));
      console.log(JSON.stringify(${JSON.stringify(OPERATION)}));
      console.error('a complaint');
      process.on('SIGTERM', () => process.exit(0));
      setInterval(() => {}, 1000);`;
    const { running, records } = start(script, stop.signal);
    while (!records.some(({ type }) => type === 'complete')) await new Promise(setImmediate);
    stop.abort();
    expect(await running).toBe(1);
    expect(records).toMatchObject([
      {
        type: 'invoke',
        client: 'program',
        msp: 'Org1MSP',
        kind: 'submit',
        function: 'set',
        transactionId: 'x1',
      },
      { type: 'complete', outcome: 'ok', code: 'VALID' },
    ]);
    const log = readFileSync(path.join(folder, 'program.log'), 'utf8');
    expect(log).toContain('hello c bank {}');
    expect(log).toContain('a complaint');
  });

  it('knows which chaincode was called, where it is not the one under test', async () => {
    const stop = new AbortController();
    const told = JSON.stringify({ ...OPERATION, chaincode: 'other' });
    const script = `console.log(${JSON.stringify(told)}); setInterval(() => {}, 1000);`;
    const { running, records } = start(script, stop.signal);
    while (!records.some(({ type }) => type === 'complete')) await new Promise(setImmediate);
    stop.abort();
    await running;
    expect(records[0]).toMatchObject({ type: 'invoke', chaincode: 'other', intent: 'program' });
    expect(records[1]).not.toHaveProperty('chaincode');
  });

  it('makes it a problem of the scenario when the program ends with an error', async () => {
    const { running, records } = start('process.exit(3)', new AbortController().signal);
    expect(await running).toBe(0);
    expect(records).toEqual([
      expect.objectContaining({
        type: 'trouble',
        message: expect.stringContaining('seen exit code 3'),
      }),
    ]);
  });
});

describe('operationIn', () => {
  it.each(['hello', '{', '{"function":"x"}', '{"function":"x","outcome":"maybe"}', '[]'])(
    'takes %s for no operation',
    (text) => expect(operationIn(text)).toBeUndefined(),
  );

  it('fills in what may be left out', () => {
    expect(operationIn('{"function":"x","outcome":"unknown"}')).toEqual({
      function: 'x',
      args: [],
      kind: 'submit',
      outcome: 'unknown',
    });
  });
});
