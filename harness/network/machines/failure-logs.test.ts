import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { MACHINE_LABEL, NETWORK_LABEL } from '../../engine/labels.ts';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import type { StartedDockerNode } from '../../swarm/machine.ts';
import { keepLogs } from './failure-logs.ts';

const frame = (text: string) => {
  const head = Buffer.alloc(8, 0);
  head[0] = 1;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

type Log = () => Promise<Buffer>;
const printed =
  (text: string): Log =>
  async () =>
    frame(text);
const never = () => new Promise<never>(() => undefined);

/** An engine whose containers have a label and a log. */
function engine(label: (key: string) => Record<string, string>, logs: Record<string, Log>) {
  const asked: string[] = [];
  const docker = {
    listContainers: async () =>
      Object.keys(logs).map((key, i) => ({ Id: key, Created: i, Labels: label(key) })),
    listNetworks: async () => [],
    listVolumes: async () => ({ Volumes: [] }),
    getContainer: (id: string) => ({
      logs: (query: object) => {
        asked.push(id);
        expect(query).toMatchObject({ follow: false, tail: 20_000 });
        return logs[id]?.();
      },
    }),
  } as unknown as Docker;
  return { docker, asked };
}

const outer = (logs: Record<string, Log>) =>
  engine((key) => ({ [NETWORK_LABEL]: 'n', [MACHINE_LABEL]: key }), logs);
const machine = (number: number, logs: Record<string, Log>) =>
  ({
    number,
    docker: engine((key) => ({ [COMPONENT_LABEL]: key }), logs).docker,
  }) as unknown as StartedDockerNode;

describe('keepLogs', () => {
  let reports: string;
  let folder: string;
  beforeEach(() => {
    reports = mkdtempSync(path.join(tmpdir(), 'failure-logs-'));
    folder = path.join(reports, 'up', 'logs');
  });
  afterEach(() => rmSync(reports, { recursive: true }));

  const options = (docker: Docker, nodes: readonly StartedDockerNode[] | Error) => ({
    docker,
    name: 'n',
    starting:
      nodes instanceof Error ? Promise.reject(nodes) : Promise.resolve({ nodes: [...nodes] }),
    folder,
    signal: new AbortController().signal,
  });
  const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');

  it('keeps the log of every component and engine, and names the folder in the same error', async () => {
    const { docker } = outer({ 1: printed('dockerd 1'), 2: printed('dockerd 2') });
    const nodes = [
      machine(1, { orderer0: printed('panic: no Kafka'), api: printed('') }),
      machine(2, { kafka2: printed('started') }),
    ];
    const first = new RangeError('orderer0: see its log');
    expect(await keepLogs(first, options(docker, nodes))).toBe(first);
    expect(first.message).toBe(`orderer0: see its log; logs: ${folder}`);
    expect(first.stack).toContain(folder);
    expect(readdirSync(folder).sort()).toEqual(
      ['api', 'kafka2', 'machine1', 'machine2', 'orderer0'].map((name) => `${name}.log`),
    );
    expect(read('orderer0.log')).toBe('panic: no Kafka');
    expect(read('machine2.log')).toBe('dockerd 2');
  });

  it('keeps the logs of the engines when a machine did not come up', async () => {
    const { docker } = outer({ 1: printed('dockerd 1') });
    const first = new Error('engine of machine 2: no answer');
    await keepLogs(first, options(docker, first));
    expect(first.message).toContain(folder);
    expect(readdirSync(folder)).toEqual(['machine1.log']);
  });

  it('asks nobody after an interruption', async () => {
    const { docker, asked } = outer({ 1: printed('dockerd 1') });
    const first = new Error('interrupted');
    const interrupted = { ...options(docker, []), signal: AbortSignal.abort() };
    expect(await keepLogs(first, interrupted)).toBe(first);
    expect(first.message).toBe('interrupted');
    expect(asked).toEqual([]);
    expect(readdirSync(reports)).toEqual([]);
  });

  it('does not wait for a machine longer than its budget, and keeps what the others gave', async () => {
    const { docker } = outer({ 1: printed('dockerd 1'), 2: never });
    const nodes = [
      machine(1, { orderer0: printed('x') }),
      machine(2, { kafka2: printed('y'), kafka3: never }),
    ];
    const first = new Error('first');
    await keepLogs(first, { ...options(docker, nodes), budgetMs: 1 });
    expect(readdirSync(folder).sort()).toEqual(['kafka2.log', 'machine1.log', 'orderer0.log']);
    expect(first.message).toMatch(
      /^first; logs: \S+ \(incomplete: (components|engine) of machine 2 did not answer in time; (components|engine) of machine 2 did not answer in time\)$/,
    );
  });

  it('ends at once when the user interrupts it', async () => {
    const user = new AbortController();
    const { docker } = outer({
      1: () => {
        user.abort();
        return never();
      },
    });
    const first = new Error('first');
    expect(await keepLogs(first, { ...options(docker, []), signal: user.signal })).toBe(first);
    expect(first.message).toBe('first');
  });

  it('keeps the first error when nothing can be read or written', async () => {
    const broken = {
      listContainers: () => Promise.reject(new Error('engine is gone')),
      listNetworks: async () => [],
      listVolumes: async () => ({ Volumes: [] }),
    } as unknown as Docker;
    const first = new Error('first');
    expect(await keepLogs(first, options(broken, []))).toBe(first);
    const { docker } = outer({ 1: printed('dockerd 1') });
    const file = path.join(reports, 'file');
    writeFileSync(file, '');
    const unwritable = { ...options(docker, []), folder: path.join(file, 'logs') };
    expect(await keepLogs(first, unwritable)).toBe(first);
    expect(first.message).toBe('first');
  });
});
