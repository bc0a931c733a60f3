import { parseArgs } from 'node:util';
import { type FabricClient, openClient } from '../../../fabric-client/client.ts';
import { Connections } from '../../../fabric-client/connections.ts';
import { type Endpoints, endpointsOf, signingIdentity } from '../../fabric/endpoints.ts';
import { runningContainer } from '../../faults/components.ts';
import type { DeployedNetwork } from '../../network/deployed.ts';
import { registerUsers, restClient } from '../../scenario/author/api.ts';
import {
  type Attempt,
  apiTransfers,
  byStatus,
  HANG_MS,
  heldIn,
  improper,
  lost,
  newestOn,
  notOnce,
  openPairs,
} from '../../scenario/author/api-load.ts';
import { memoryOf } from '../../scenario/author/api-watch.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { runningNetwork, settingsFrom } from '../context.ts';

/**
 * `npm run bench:api [-- --seconds 60 --clients 200 --slices 6 --twice 5 --kills 2]`, on a running network: transfers
 * through the REST API and by direct clients, turn and turn about so that both meet the same machine, each for the given seconds in all.
 * Prints one JSON document: throughput, latency quantiles, their ratio, answers by status, memory of the API, and
 * whether the ledger holds every transfer that was acknowledged, once. With `--twice 5` each fifth transfer is asked for
 * twice; `--kills 2` kills the API so often during its first slice, and clients repeat what it did not answer.
 * What must not be is listed under `failures`, and the exit code is 1 then.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '200' },
    slices: { type: 'string', default: '6' },
    twice: { type: 'string', default: '0' },
    kills: { type: 'string', default: '0' },
  },
});
const { seconds, clients, slices, twice, kills } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
) as Record<keyof typeof values, number>;
/** Users at the API; clients share their tokens, since each registration costs the API 0.1 s of scrypt. */
const USERS = 20;
const CHANNEL = 'mychannel';
/** More than one client sends in a slice: no two transfers have the same accounts and amount. */
const NUMBERS = 10_000;
const MOST_RATIO = 1.15;

const network = await runningNetwork(settingsFrom({}));
const addresses = addressesOf(network.machines);
const { topology, identities } = network.state;
const endpoints = endpointsOf(topology, identities, addresses);
const connections = new Connections();
const api = restClient({ network, addresses });
const name = `bench-${Date.now().toString(36)}`;
const note = (text: string) => process.stderr.write(`${text}\n`);

note(`${USERS} users, ${clients * 4} accounts`);
const users = Array.from({ length: USERS }, (_, i) => ({
  username: `${name}-${i}`,
  orgName: topology.organisations[i % topology.organisations.length]?.name ?? '',
}));
const tokens = await registerUsers({ network, addresses }, users);
const [token = ''] = tokens;
const pairs = await openPairs(api, token, CHANNEL, `${name}-`, clients * 2);
const direct = await openDirect(connections, endpoints, network, clients);

const from = await newestOn({ endpoints, connections }, CHANNEL);
const memory = { beforeMiB: await memoryMiB(network), afterMiB: [] as number[] };
const through = { api: [] as Attempt[], direct: [] as Attempt[] };
const ratios: number[] = [];
for (let slice = 0; slice < slices; slice += 1) {
  const signal = () => AbortSignal.timeout((seconds / slices) * 1_000);
  note(`slice ${slice + 1} of ${slices}: REST API`);
  const over = signal();
  const [byApi] = await Promise.all([
    apiTransfers({
      api,
      tokens: Array.from({ length: clients }, (_, i) => tokens[i % USERS] ?? ''),
      channel: CHANNEL,
      accountsOf: (client) => pairs[client] ?? ['', ''],
      signal: over,
      firstNumber: slice * NUMBERS,
      twiceEach: twice,
      persistMs: kills > 0 ? 60_000 : 0,
    }),
    slice === 0 ? killApi(network, kills, (seconds / slices) * 1_000) : [],
  ]);
  memory.afterMiB.push(await memoryMiB(network));
  note(`slice ${slice + 1} of ${slices}: direct clients`);
  const byDirect = await directTransfers(direct, signal());
  through.api.push(...byApi);
  through.direct.push(...byDirect);
  ratios.push(round(summarise(byApi).latencyMs.p50 / summarise(byDirect).latencyMs.p50));
}
note('audit');
const held = await heldIn({ endpoints, connections }, CHANNEL, from);
const improperAnswers = improper(through.api).filter(
  ({ status, took }) => status !== 0 || kills === 0 || took >= HANG_MS,
);
const summary = { api: summarise(through.api), direct: summarise(through.direct) };
const medianRatio = round(summary.api.latencyMs.p50 / summary.direct.latencyMs.p50);
const twiceOrNever = notOnce(through.api, held);
const missing = {
  api: lost(through.api, held.valid),
  direct: lost(through.direct, held.valid),
};
const failures = [
  ...(medianRatio > MOST_RATIO ? [`median ratio: at most ${MOST_RATIO}, seen ${medianRatio}`] : []),
  ...Object.entries({
    'improper answers': improperAnswers,
    'transfers not once in the ledger': twiceOrNever,
    'acknowledged by the API, not in the ledger': missing.api,
    'acknowledged to direct clients, not in the ledger': missing.direct,
  }).flatMap(([what, seen]) => (seen.length > 0 ? [`${what}: none, seen ${seen.length}`] : [])),
];
console.log(
  JSON.stringify(
    {
      what: `${clients} concurrent clients, ${seconds} s each way in ${slices} slices, in turn`,
      ...summary,
      medianRatioBySlice: ratios,
      medianRatio,
      apiMemory: memory,
      apiImproperAnswers: byStatus(improperAnswers),
      apiTransfersNotOnce: twiceOrNever.slice(0, 20),
      acknowledgedButNotInTheLedger: {
        api: missing.api.slice(0, 20),
        direct: missing.direct.slice(0, 20),
      },
      failures,
    },
    null,
    2,
  ),
);
await Promise.all(direct.map((client) => client.close()));
connections.close();
process.exit(failures.length > 0 ? 1 : 0);

function openDirect(
  connections: Connections,
  { orderers, peers }: Endpoints,
  { state }: DeployedNetwork,
  count: number,
): Promise<FabricClient[]> {
  const profile = { orderers, peers };
  const owned = Object.values(state.identities.organisations);
  return Promise.all(
    Array.from({ length: count }, (_, turn) => {
      const organisation = owned[turn % owned.length];
      if (!organisation) throw new Error('identities: expected an organisation, seen none');
      const identity = signingIdentity(organisation, organisation.user);
      return openClient({
        connections,
        profile,
        identity,
        channel: CHANNEL,
        chaincode: 'bank',
        turn,
      });
    }),
  );
}

/** As {@link apiTransfers}, with what the outcome would be as a status. */
async function directTransfers(
  gateways: readonly FabricClient[],
  signal: AbortSignal,
): Promise<Attempt[]> {
  const start = performance.now();
  const attempts: Attempt[] = [];
  await Promise.all(
    gateways.map(async (gateway, client) => {
      const [one, other] = pairs[clients + client] ?? ['', ''];
      for (let number = 0; !signal.aborted; number += 1) {
        const args = number % 2 === 0 ? [one, other, '1'] : [other, one, '1'];
        const begun = performance.now();
        const prepared = gateway.prepare({ function: 'transfer', args });
        const { outcome } = await prepared.submit();
        attempts.push({
          at: begun - start,
          took: performance.now() - begun,
          status: outcome === 'ok' ? 200 : outcome === 'fail' ? 409 : 504,
          transactionId: prepared.transactionId,
          retryAfter: null,
        });
      }
    }),
  );
  return attempts;
}

/** Kills the API's process so often, evenly spread over the time; Swarm starts it again each time. */
async function killApi(found: DeployedNetwork, times: number, overMs: number): Promise<void> {
  const handle = found.component(topology.application.api.name);
  for (let kill = 1; kill <= times; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, overMs / (times + 1)));
    const { pid } = await runningContainer(handle);
    await handle.machine.execOk(['kill', '-9', String(pid)]);
    note(`killed the API (${kill} of ${times})`);
  }
}

/** From the first request for each transfer to its first acknowledgement, ms: what its client waited. */
function waits(attempts: readonly Attempt[]): number[] {
  const begun = new Map<string, number>();
  const acknowledged = new Map<string, number>();
  for (const { transfer, transactionId, status, at, took } of attempts) {
    const key = transfer ?? transactionId ?? '';
    begun.set(key, Math.min(at, begun.get(key) ?? at));
    const end = at + took;
    if (status === 200) acknowledged.set(key, Math.min(end, acknowledged.get(key) ?? end));
  }
  return [...acknowledged].map(([key, end]) => end - (begun.get(key) ?? end));
}

function summarise(attempts: readonly Attempt[]) {
  const took = waits(attempts).sort((a, b) => a - b);
  const quantile = (q: number) =>
    round(took[Math.min(took.length - 1, Math.floor(took.length * q))] ?? Number.NaN);
  return {
    acknowledged: took.length,
    perSecond: round(took.length / seconds),
    latencyMs: {
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: quantile(1),
    },
    byStatus: byStatus(attempts),
  };
}

/** Anonymous memory of the API's container, without the page cache. */
async function memoryMiB(found: DeployedNetwork): Promise<number> {
  const handle = found.component(topology.application.api.name);
  const { container } = await runningContainer(handle);
  return round((await memoryOf(container)) / 1_048_576);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
