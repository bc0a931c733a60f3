import type { Topology } from '../../topology/schema.ts';
import type { LoadClient } from '../../workload/client.ts';
import type { Clock } from '../../workload/clock.ts';
import type { History } from '../../workload/history-writer.ts';
import { pacer, untilFirstError } from '../../workload/load.ts';
import { type PlannedOperation, perform } from '../../workload/operation.ts';
import { randomStream } from '../../workload/random.ts';
import type { Call, CustomLoad } from './definition.ts';
import { NO_OTHERS, type OtherClients } from './places.ts';

export interface CustomLoadRun {
  readonly load: CustomLoad;
  readonly network: { readonly topology: Topology };
  readonly seed: number;
  readonly clients: readonly LoadClient[];
  /** Who calls on other channels, and other chaincodes. */
  readonly others?: OtherClients;
  readonly history: History;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds after which a client stops waiting for an answer. */
  readonly timeout: number;
}

/** Milliseconds between two starts of a client that has no rate, so that immediate refusals are no busy loop. */
const GAP_MS = 10;

/**
 * Runs an author's own calls, one operation in flight a client, until the signal aborts: at the load's rate, or each as
 * soon as the one before was answered.
 */
export async function runCustomLoad(run: CustomLoadRun): Promise<void> {
  const { load, network, seed, clients, history, clock, timeout, others = NO_OTHERS } = run;
  const { rate } = load;
  const pace =
    rate === undefined
      ? ({ kind: 'closed', gap: GAP_MS } as const)
      : ({ kind: 'rate', perSecond: rate } as const);
  await untilFirstError(
    clients.map((client, index) => async (signal: AbortSignal) => {
      const random = randomStream(seed, `custom ${index}`);
      const turn = pacer(pace, clock, index, clients.length);
      for (let number = 0; await clock.until(turn(), signal); number += 1) {
        const call = others.named(load.next(index, number, () => random.fraction()));
        const planned = plannedCall(call, network, index + number, client.msp);
        const caller = others.for(call, client, index);
        await perform({ history, clock, timeout }, caller, { ...planned, intent: 'custom' });
      }
    }),
    run.signal,
  );
}

/** Numbers of an author's operations that are probes begin here, and for each further orderer as much later. */
const PROBES_FROM = 1_000_000;

/**
 * An author's call in the words of the workload.
 *
 * @param turn which of the organisation's peers is asked, where the author does not say
 * @param mspId of the client that asks
 * @throws Error when the call names an organisation or a peer that the network does not have
 */
export function plannedCall(
  call: Call,
  { topology }: { readonly topology: Topology },
  turn: number,
  mspId?: string,
): Omit<PlannedOperation, 'intent'> {
  const { evaluate, peer, transient, endorsers, channel: _, chaincode: __, ...rest } = call;
  const { organisations } = topology;
  const own =
    organisations.find((organisation) => organisation.mspId === mspId) ?? organisations[0];
  const peers = evaluate || peer !== undefined ? (own?.peers ?? []) : [];
  const asked = peer ?? peers[turn % peers.length]?.name;
  const all = organisations.flatMap((organisation) => organisation.peers);
  if (asked !== undefined && !all.some(({ name }) => name === asked)) {
    throw unknown(call, 'a peer', asked, all);
  }
  return {
    ...rest,
    ...(asked === undefined ? {} : { peer: asked }),
    ...(transient === undefined
      ? {}
      : {
          transient: Object.fromEntries(
            Object.entries(transient).map(([key, value]) => [key, Buffer.from(value)]),
          ),
        }),
    ...(endorsers === undefined
      ? {}
      : {
          endorsers: endorsers.map((name) => {
            const found = organisations.find((organisation) => organisation.name === name);
            if (!found) throw unknown(call, 'an organisation', name, organisations);
            return found.mspId;
          }),
        }),
  };
}

const unknown = (
  call: Call,
  what: string,
  seen: string,
  known: readonly { readonly name: string }[],
) =>
  new Error(
    `call of ${call.function}: expected ${what} of the network (${known.map(({ name }) => name).join(', ')}), seen ${seen}`,
  );

/** What measures recovery through each orderer for a load of the author's own. */
export function customProbe(
  load: CustomLoad,
  network: { readonly topology: Topology },
  seed: number,
  orderers: readonly string[],
): (orderer: string, number: number) => PlannedOperation {
  const random = randomStream(seed, 'custom probes');
  return (orderer, number) => {
    const index = orderers.indexOf(orderer);
    const call =
      load.probe?.(orderer, number) ??
      load.next(index % load.clients, PROBES_FROM * (index + 1) + number, () => random.fraction());
    if (call.channel !== undefined || call.chaincode !== undefined) {
      throw new Error(
        `probe of ${orderer}: expected a call of ${load.chaincode} on the scenario's own channel, ` +
          `seen ${call.chaincode ?? 'one'} on ${call.channel ?? 'it'}; give the load a probe`,
      );
    }
    return { ...plannedCall(call, network, index), intent: 'probe' };
  };
}
