import { fetchBlock } from '../../fabric-client/fetch.ts';
import { createSigner } from '../../fabric-client/signer.ts';
import { UsageError } from '../base/errors.ts';
import { decodeBlock } from '../fabric/ledger/decoder.ts';
import type { MachinesNetwork } from '../network/machines/network.ts';
import { transferThroughEach } from '../network/stack/first-transfer.ts';
import { bftLeg } from './bft.ts';
import { Clients } from './clients.ts';
import { fabric3Leg } from './fabric3.ts';
import type { Leg, Step } from './leg.ts';
import { noSystemChannelLeg } from './no-system-channel.ts';
import { raftLeg } from './raft.ts';
import { longestPause, type Reckoning, reckon } from './reckoning.ts';
import { type Head, Road, type RoadOptions } from './road.ts';

/** What a migration did. */
export interface Migrated {
  readonly legs: readonly LegDone[];
  /** Absent without clients. */
  readonly reckoning?: Reckoning;
}

/** The whole way, in order. */
export const LEGS: readonly Leg[] = [raftLeg, noSystemChannelLeg, fabric3Leg, bftLeg];

const TRANSFER_MS = 60_000;

export interface MigrateOptions extends RoadOptions {
  /** The last step to be taken, of the last leg; all unless told. */
  readonly until?: string | undefined;
  /** How many clients go on transferring money all the way; none unless told. */
  readonly clients?: number | undefined;
}

/** What a leg did. */
export interface LegDone {
  readonly leg: Leg;
  readonly channels: readonly string[];
  /** In the order in which they were taken; ms. */
  readonly steps: readonly { readonly step: Step; readonly ms: number }[];
  /** What clients saw of it; absent without any. */
  readonly seen?: {
    /** Longest time without a commit, ms. */
    readonly pauseMs: number;
    readonly committed: number;
    /** Acknowledgements that came to nothing. */
    readonly lost: number;
  };
  /** Milliseconds in which no transaction was taken; absent where ordering went on, or it did not come to its end. */
  readonly stoppedMs?: number;
  /** Sentences; empty when it was not driven to its end. */
  readonly proved: readonly string[];
}

/**
 * The legs of these names, in the order of the way.
 *
 * @throws UsageError when there is none of a name
 */
export function legsNamed(names: readonly string[]): readonly Leg[] {
  const known = LEGS.map(({ name }) => name);
  const wrong = names.filter((name) => name !== 'all' && !known.includes(name));
  if (wrong.length > 0) {
    throw new UsageError([
      `migrate: expected ${known.join(', ')} or all, seen "${wrong.join(', ')}"`,
    ]);
  }
  return LEGS.filter(({ name }) => names.includes('all') || names.includes(name));
}

/** @throws UsageError when the leg has no such step */
export function stepNamed(leg: Leg, name: string): Step {
  const found = leg.steps.find((step) => step.name === name);
  if (found) return found;
  const known = leg.steps.map((step) => step.name);
  throw new UsageError([`--until: expected one of ${known.join(', ')}, seen "${name}"`]);
}

/**
 * Takes a network along legs of the way. What an earlier, interrupted run has done is not done again.
 *
 * @throws UsageError when the network is none that can take it; FabricError or DeadlineError with the step that failed
 */
export async function migrate(
  network: MachinesNetwork,
  legs: readonly Leg[],
  { until, clients: count = 0, ...options }: MigrateOptions,
): Promise<Migrated> {
  const { progress } = options;
  await using road = new Road(network, options);
  const stepOf = (leg: Leg, at: number) =>
    at === legs.length - 1 && until !== undefined ? stepNamed(leg, until) : undefined;
  if (count === 0) {
    const done: LegDone[] = [];
    for (const [at, leg] of legs.entries()) done.push(await travel(road, leg, stepOf(leg, at)));
    return { legs: done };
  }
  using clients = new Clients(road);
  await progress.step('open the clients’ accounts', () => clients.start(count));
  const timed: { readonly done: LegDone; readonly from: number; readonly to: number }[] = [];
  for (const [at, leg] of legs.entries()) {
    const from = performance.now();
    const done = await travel(road, leg, stepOf(leg, at));
    timed.push({ done, from, to: performance.now() });
  }
  const travelled = await progress.step('let the clients end', () => clients.finish());
  const reckoning = await progress.step('hold what they were told against every copy', () =>
    reckon(road, travelled),
  );
  if (reckoning.violations.length > 0) throw new Error(reckoning.violations.join('; '));
  const { transfers } = travelled;
  const legsSeen = timed.map(({ done, from, to }) => {
    const inLeg = ({ at }: { readonly at: number }) => at >= from && at < to;
    const seen = {
      pauseMs: longestPause(transfers, from, to),
      committed: transfers.filter(({ committed }) => committed && inLeg(committed)).length,
      lost: reckoning.lost.filter(inLeg).length,
    };
    return { ...done, seen };
  });
  return { legs: legsSeen, reckoning };
}

/** Takes back what can be of a leg. @returns how the network is then */
export async function abortMigration(
  network: MachinesNetwork,
  leg: Leg,
  options: RoadOptions,
): Promise<string> {
  await using road = new Road(network, options);
  await leg.check(road);
  // The road goes with this scope.
  return await options.progress.step(`${leg.name}: take it back`, () => leg.abort(road));
}

async function travel(road: Road, leg: Leg, last: Step | undefined): Promise<LegDone> {
  const { progress } = road;
  const { channels, heads } = await progress.step(`${leg.name}: check what it needs`, async () => {
    // What an interruption has left at rest.
    await road.scale(
      road.topology.ordering.orderers.map(({ name }) => name),
      1,
    );
    await leg.check(road);
    const all = await road.channels();
    return { channels: all, heads: await road.heads(await road.applicationChannels()) };
  });
  const steps: { step: Step; ms: number }[] = [];
  for (const step of leg.steps) {
    road.signal.throwIfAborted();
    const started = performance.now();
    await progress.step(`${leg.name}: ${step.title}`, () => step.run(road));
    steps.push({ step, ms: performance.now() - started });
    if (step === last) return { leg, channels, steps, proved: [] };
  }
  const stopped = stoppedMs(leg, steps);
  const proved = await progress.step(`${leg.name}: prove it`, () => prove(road, leg, heads));
  return { leg, channels, steps, ...(stopped === undefined ? {} : { stoppedMs: stopped }), proved };
}

function stoppedMs(
  { stops }: Leg,
  steps: readonly { readonly step: Step; readonly ms: number }[],
): number | undefined {
  if (!stops) return undefined;
  const [from, to] = stops.map((name) => steps.findIndex(({ step }) => step.name === name));
  return steps.slice(from, (to ?? 0) + 1).reduce((sum, { ms }) => sum + ms, 0);
}

/** A transfer through each orderer, the blocks of before on every node, and what the leg itself can show. */
async function prove(road: Road, leg: Leg, heads: readonly Head[]): Promise<readonly string[]> {
  const { connections, network, topology, state } = road;
  const { nodes } = network;
  await transferThroughEach(connections, nodes, state.identities, topology, TRANSFER_MS);
  await Promise.all(heads.map((head) => assertKept(road, head)));
  return [
    `a transfer committed on every peer through each of ${nodes.orderers.map(({ name }) => name).join(', ')}`,
    `${heads.map(({ channel, number }) => `${channel} is the same up to block ${number}`).join(', ')} on every orderer and peer`,
    ...((await leg.prove?.(road)) ?? []),
  ];
}

/** @throws Error when a node has another block than before */
async function assertKept(road: Road, { channel, number, hash }: Head): Promise<void> {
  const ofOrderers = road.orderers.map(async (orderer) => {
    const { hash: seen } = await road.block(orderer, channel, number);
    return [orderer.name, seen] as const;
  });
  const ofPeers = road.network.nodes.organisations.flatMap(({ admin, peers }) =>
    peers.map(async (peer) => {
      const seek = { kind: 'peer', channel, start: number } as const;
      const bytes = await fetchBlock(road.connections, peer, createSigner(admin), seek, 5_000);
      return [peer.name, decodeBlock(bytes).hash] as const;
    }),
  );
  const copies = await Promise.all([...ofOrderers, ...ofPeers]);
  const other = copies.filter(([, seen]) => seen !== hash);
  if (other.length === 0) return;
  throw new Error(
    `channel ${channel}: expected block ${number} with hash ${hash} everywhere, seen ${other.map(([name, seen]) => `${seen} on ${name}`).join(', ')}`,
  );
}
