import path from 'node:path';
import type { ScenarioPlace } from '../../audit/recording.ts';
import { patient } from '../../base/patience.ts';
import { runFaults } from '../../faults/schedule.ts';
import type { LoadClient } from '../../workload/client.ts';
import type { History } from '../../workload/history-writer.ts';
import { type Opening, prepareLoad, runLoad } from '../../workload/load.ts';
import { bankProbe, probeOpenings, runProbes } from '../../workload/probe.ts';
import { openings, type TransferProfile } from '../../workload/profile.ts';
import { customProbe, plannedCall, runCustomLoad } from '../author/custom-load.ts';
import type { ScenarioDefinition } from '../author/definition.ts';
import { NO_OTHERS } from '../author/places.ts';
import type { Session } from '../session.ts';
import { choices } from './choices.ts';
import type { ScenarioClients } from './clients.ts';
import { runProgram } from './program-load.ts';
import { untilRecovered } from './until-recovered.ts';
import { wake } from './wake.ts';

/** Load without a fault, and load after the last recovery, ms. */
const DEFAULT_DURATION_MS = 10_000;
const AFTERMATH_MS = 3_000;
/** Longest that a client of the load waits (commit patience of the gateway and its stages). */
export const PATIENCE_MS = 50_000;
const PROBE_PREFIX = 'probe-';

/** Reads of a load that names no peers are of all. */
export const readingFrom = (load: TransferProfile, all: readonly { readonly name: string }[]) =>
  load.reads.peers.length > 0
    ? load
    : { ...load, reads: { ...load.reads, peers: all.map(({ name }) => name) } };

/** Opens the accounts of the load and of the probes, on a network that nothing ails. */
export async function prepare(
  session: Session,
  definition: ScenarioDefinition,
  clients: ScenarioClients,
  history: History,
): Promise<void> {
  const context = { history, clock: session.clock, timeout: patient(PATIENCE_MS) };
  const { load } = definition;
  const { others = NO_OTHERS } = clients;
  const setUp =
    load.kind === 'calls'
      ? load.setUp.map((call, index) => ({
          ...plannedCall(others.named(call), session.network, index),
          by: (own: LoadClient, turn: number) => others.for(call, own, turn),
        }))
      : openings(load);
  const probes =
    load.kind === 'calls'
      ? []
      : probeOpenings(
          PROBE_PREFIX,
          session.endpoints.orderers.map((o) => o.name),
        );
  const all: Opening[] = [...setUp, ...probes];
  const first = all.filter((operation) => 'init' in operation);
  await prepareLoad(context, first, clients.load.slice(0, 1), session.signal);
  const rest = all.filter((operation) => !('init' in operation));
  await prepareLoad(context, rest, clients.load, session.signal);
}

/**
 * Runs the load with the faults, and on until what was healed has recovered.
 */
export async function underLoad({
  session,
  definition,
  clients,
  history,
  place,
  recoveryBudget,
  submits,
  configures,
}: {
  readonly session: Session;
  readonly definition: ScenarioDefinition;
  readonly clients: ScenarioClients;
  readonly history: History;
  readonly place: ScenarioPlace;
  /** Milliseconds from a heal to a commit through each orderer. */
  readonly recoveryBudget: number;
  /** Told of transactions that no client sends. */
  readonly submits: (transactionId: string) => void;
  /** Told of changes of the channel's configuration. */
  readonly configures: () => void;
}): Promise<void> {
  const { clock, seed, network, guard } = session;
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, session.signal]);
  history.mark('load starts');
  const { load } = definition;
  const operation =
    load.kind === 'calls'
      ? customProbe(load, network, seed, [...clients.probes.keys()])
      : (orderer: string, number: number) => bankProbe(PROBE_PREFIX, orderer, number);
  // A load of the author's own is asked for more than it gives only where there is a recovery to measure.
  const probes =
    load.kind === 'calls' && !definition.faults?.length
      ? new Map<string, LoadClient>()
      : clients.probes;
  const running = [
    load.kind === 'calls' && load.program
      ? runProgram({
          program: load.program,
          chaincode: load.chaincode,
          ...{ network, history, signal, channel: place.channel },
          folder: path.join(session.runFolder, place.folder),
        })
      : load.kind === 'calls'
        ? runCustomLoad({
            load,
            network,
            seed,
            clients: clients.load,
            ...(clients.others && { others: clients.others }),
            history,
            clock,
            signal,
            timeout: patient(PATIENCE_MS),
          })
        : runLoad({
            profile: readingFrom(load, network.ledgers.members(place.channel).peers),
            ...{ seed, clients: clients.load, history, clock, signal },
          }),
    runProbes({ clients: probes, operation, history, clock, signal }),
  ];
  const work = Promise.all(running);
  work.catch(() => ending.abort()); // a history that can't be written ends the scenario
  try {
    const steps = definition.faults ?? [];
    if (steps.length === 0) {
      await clock.until(clock.now() + (definition.duration ?? DEFAULT_DURATION_MS), signal);
    } else {
      const context = {
        network,
        guard,
        channel: place.channel,
        now: () => clock.now(),
        randomOf: (step: number) => choices(seed, place, step),
        signal: session.signal,
        submits,
        configures,
      };
      await runFaults(context, steps, history, clock, signal);
      await untilRecovered(session, history, clients, recoveryBudget, signal);
      await clock.until(clock.now() + AFTERMATH_MS, signal);
    }
    session.signal.throwIfAborted();
  } finally {
    ending.abort();
    await work;
  }
  await wake({ session, channel: place.channel, probes, operation, history });
}
