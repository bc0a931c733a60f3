import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { Connections } from '../../../fabric-client/connections.ts';
import { projectFolder } from '../../base/project.ts';
import { hashOf } from '../../network/chaincode/build-sources.ts';
import { writeExport } from '../../network/export/write-export.ts';
import { runCustomLoad } from '../../scenario/author/custom-load.ts';
import { calls } from '../../scenario/author/definition.ts';
import { openClients } from '../../scenario/run/clients.ts';
import { RunClock } from '../../workload/clock.ts';
import { History } from '../../workload/history-writer.ts';
import { prepareLoad } from '../../workload/load.ts';
import { runningNetwork, settingsFrom } from '../context.ts';

/**
 * `npm run bench:load [-- --seconds 20 --rate 30 --load 20 --turns 2]`, on a running network: Caliper against its export
 * and the harness's own load, turn and turn about, on the same chaincode, by the same two rate controllers: a fixed rate
 * (transactions a second) and a fixed load (transactions under way). Prints one JSON document: throughput, latency,
 * processor time of the process that generates the load, and transactions for a second of it.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '30' },
    load: { type: 'string', default: '20' },
    turns: { type: 'string', default: '2' },
  },
});
const { seconds, rate, load, turns } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
) as Record<keyof typeof values, number>;

const CHANNEL = 'mychannel';
const CALIPER = path.join(projectFolder, 'fixtures/caliper');
/** Of Caliper's: one transfer comes back to an account after as many others as there are pairs. */
const ACCOUNTS = 500;
/** More than transactions are under way at the rate, since each of the harness's clients waits for its own. */
const CLIENTS_AT_A_RATE = 60;
const PATIENCE_MS = 60_000;

interface Round {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly latencies: readonly number[];
  readonly failed: number;
}

const settings = settingsFrom({});
const network = await runningNetwork(settings);
const connections = new Connections();
const clock = new RunClock();
const folder = path.join(settings.reportsDir, `bench-load-${Date.now().toString(36)}`);
const exported = path.join(folder, 'export');
const prefix = `bench-${Date.now().toString(36)}-`;
const note = (text: string) => process.stderr.write(`${text}\n`);

mkdirSync(exported, { recursive: true });
const caliper = installCaliper();
await writeExport(network, exported);
note(`${ACCOUNTS + 2 * CLIENTS_AT_A_RATE} accounts`);
await openAccounts();

const kinds = [
  { name: `fixed rate, ${rate} a second`, rate, clients: CLIENTS_AT_A_RATE },
  { name: `fixed load, ${load} under way`, clients: load },
] as const;
const rounds = kinds.map(() => ({ caliper: [] as Round[], harness: [] as Round[] }));
for (let turn = 1; turn <= turns; turn += 1) {
  note(`turn ${turn} of ${turns}: Caliper`);
  for (const [index, round] of (await byCaliper()).entries()) {
    rounds[index]?.caliper.push(round);
    note(JSON.stringify(summarise([round])));
  }
  for (const [index, kind] of kinds.entries()) {
    note(`turn ${turn} of ${turns}: the harness, ${kind.name}`);
    const round = await byHarness(kind);
    rounds[index]?.harness.push(round);
    note(JSON.stringify(summarise([round])));
  }
}
console.log(
  JSON.stringify(
    {
      what: `transfers of the bank on ${CHANNEL}, ${turns} turns of ${seconds} s for each generator and controller`,
      controllers: kinds.map(({ name }, index) => {
        const caliper = summarise(rounds[index]?.caliper ?? []);
        const harness = summarise(rounds[index]?.harness ?? []);
        const ratio = harness.perCpuSecond / caliper.perCpuSecond;
        return { name, caliper, harness, perCpuSecondRatio: Math.round(ratio * 100) / 100 };
      }),
    },
    null,
    2,
  ),
);
rmSync(exported, { recursive: true, force: true });
connections.close();
network.ledgers.close();
process.exit(0);

/** Outside of the project, among whose packages Caliper would find a second Fabric SDK, which it refuses. */
function installCaliper(): string {
  const there = path.join(settings.cacheDir, `caliper-${hashOf(CALIPER, [])}`);
  if (existsSync(there)) return there;
  note('installing Caliper');
  const part = `${there}.${process.pid}`;
  cpSync(CALIPER, part, { recursive: true });
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: part,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(part, there);
  return there;
}

function history(name: string): History {
  return History.create(path.join(folder, `${name}.jsonl`), clock);
}

async function openAccounts(): Promise<void> {
  const opened = history('accounts');
  await using clients = await openClients(
    { network, clock, connections },
    CHANNEL,
    'bank',
    2,
    'harness',
  );
  const groups = [
    [`${prefix}c-`, String(ACCOUNTS)],
    [`${prefix}h-`, String(2 * CLIENTS_AT_A_RATE)],
  ] as const;
  const openings = groups.map(([name, count]) => ({
    function: 'openMany',
    args: [name, count, 'bench', '1000000'],
  }));
  await prepareLoad({ history: opened, clock, timeout: PATIENCE_MS }, openings, clients.load);
  opened.close();
}

async function byCaliper(): Promise<Round[]> {
  const results = path.join(folder, `caliper-${Date.now().toString(36)}.jsonl`);
  const module = path.join(caliper, 'transfers.cjs');
  const rateControls = [
    { type: 'fixed-rate', opts: { tps: rate } },
    { type: 'fixed-load', opts: { transactionLoad: load, startTps: load } },
  ];
  const config = {
    test: {
      name: 'transfers',
      workers: { number: 1 },
      rounds: rateControls.map((rateControl) => ({
        label: rateControl.type,
        txDuration: seconds,
        rateControl,
        workload: {
          module,
          arguments: { prefix: `${prefix}c-`, accounts: ACCOUNTS, channel: CHANNEL, results },
        },
      })),
    },
  };
  const benchmark = path.join(folder, 'caliper.yaml');
  writeFileSync(benchmark, stringify(config));
  const log = createWriteStream(path.join(folder, 'caliper.log'), { flags: 'a' });
  const child = spawn(
    process.execPath,
    [
      path.join(caliper, 'run.cjs'),
      ...['launch', 'manager', '--caliper-workspace', folder],
      ...['--caliper-benchconfig', benchmark],
      ...['--caliper-networkconfig', path.join(exported, 'caliper-network.yaml')],
      ...['--caliper-fabric-gateway-enabled', '--caliper-flow-only-test'],
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0)
    throw new Error(`Caliper: expected exit code 0, seen ${code}; look at ${folder}/caliper.log`);
  const lines = readFileSync(results, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Round);
}

async function byHarness(kind: {
  readonly rate?: number;
  readonly clients: number;
}): Promise<Round> {
  const told = history(`harness-${Date.now().toString(36)}`);
  const begun = new Map<number, number>();
  const latencies: number[] = [];
  let failed = 0;
  told.subscribe((record) => {
    if (record.type === 'invoke') begun.set(record.operation, record.at);
    if (record.type !== 'complete') return;
    const took = Math.round(record.at - (begun.get(record.operation) ?? record.at));
    if (record.outcome === 'ok') latencies.push(took);
    else failed += 1;
  });
  await using clients = await openClients(
    { network, clock, connections },
    CHANNEL,
    'bank',
    kind.clients,
    'harness',
  );
  const definition = calls({
    chaincode: 'bank',
    clients: kind.clients,
    setUp: [],
    ...(kind.rate === undefined ? {} : { rate: kind.rate }),
    next: (client) => ({
      function: 'transfer',
      args: [`${prefix}h-${2 * client}`, `${prefix}h-${2 * client + 1}`, '1'],
    }),
  });
  const at = performance.now();
  const cpu = process.cpuUsage();
  await runCustomLoad({
    load: definition,
    ...{ network, seed: 1, clients: clients.load, history: told, clock },
    signal: AbortSignal.timeout(seconds * 1_000),
    timeout: PATIENCE_MS,
  });
  const { user, system } = process.cpuUsage(cpu);
  const round = { seconds: (performance.now() - at) / 1_000, cpuSeconds: (user + system) / 1e6 };
  told.close();
  return { ...round, latencies, failed };
}

function summarise(all: readonly Round[]) {
  const sum = (of: (round: Round) => number) => all.reduce((total, round) => total + of(round), 0);
  const latencies = all.flatMap((round) => round.latencies).sort((a, b) => a - b);
  const committed = latencies.length;
  const quantile = (share: number) => latencies[Math.floor(share * (committed - 1))] ?? 0;
  const cpuSeconds = sum((round) => round.cpuSeconds);
  const rounded = (value: number) => Math.round(value * 10) / 10;
  return {
    committed,
    failed: sum((round) => round.failed),
    perSecond: rounded(committed / sum((round) => round.seconds)),
    latencyMs: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
    cpuSeconds: rounded(cpuSeconds),
    perCpuSecond: rounded(committed / cpuSeconds),
  };
}
