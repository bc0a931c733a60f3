import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { type WaitClock, waitFor } from '../../base/wait.ts';
import { statusOf } from '../../network/status.ts';
import type { Session } from '../session.ts';
import type { OpenCount } from './open-transactions.ts';

/** Nodes may need a peer's back-off (5 s), brokers that come back several tries, and then a replay. */
const QUIESCENCE_MS = 90_000;

const NONE: OpenCount = { all: 0, acknowledged: 0 };

/** What must be known of a network to say that nothing more will come. */
export interface Stillness {
  /** Height of every peer and orderer; `undefined` for one that does not say. */
  heights(): Promise<ReadonlyMap<string, number | undefined>>;
  /** How many transactions may still come. */
  open(): OpenCount;
  /**
   * The states of all components, to be compared.
   * @throws Error saying why nothing could be ordered now
   */
  components(): Promise<string>;
}

export interface StillnessOptions {
  readonly subject: string;
  readonly budgetMs: number;
  /** Calm needed before transactions that have not come count as absent, ms. */
  readonly calmMs: { readonly unacknowledged: number; readonly acknowledged: number };
  readonly intervalMs: number;
  readonly signal?: AbortSignal;
  readonly clock: WaitClock;
}

/**
 * Waits until nothing more will come: every node has the same height twice in a row, and every transaction has come or
 * was refused. Where some have not, they count as lost only once the network was able to order and stayed as it was
 * for `calmMs`; before that, what the ordering service holds may not have reached the orderers.
 *
 * @returns the height
 * @throws DeadlineError with what was missing
 */
export async function untilStill(
  { heights, open, components }: Stillness,
  options: StillnessOptions,
): Promise<number> {
  const { calmMs, ...wait } = options;
  const now = () => wait.clock.now();
  let last: number | undefined;
  let calm: { readonly state: string; readonly since: number } | undefined;
  return waitFor(
    { ...wait, expected: 'the same height on every peer and orderer, and nothing under way' },
    async () => {
      const all = await heights();
      const [first] = all.values();
      const level = first !== undefined && [...all.values()].every((height) => height === first);
      const before = last;
      last = level ? first : undefined;
      if (!level || before !== first) {
        calm = undefined;
        throw new Error([...all].map(([name, h]) => `${name} ${h ?? 'no answer'}`).join(', '));
      }
      const { all: missing, acknowledged } = open();
      if (missing === 0) return first;
      const needed = acknowledged > 0 ? calmMs.acknowledged : calmMs.unacknowledged;
      const pending = `height ${first} everywhere, ${missing} transactions of unknown fate (${acknowledged} acknowledged)`;
      const state = await components().catch((error) => {
        calm = undefined;
        throw new Error(`${pending}; ${messageOf(error)}`);
      });
      if (calm?.state !== state) calm = { state, since: now() };
      if (now() - calm.since >= needed) return first;
      throw new Error(
        `${pending}; the network has been calm for ${Math.round(now() - calm.since)} of ${needed} ms`,
      );
    },
  );
}

/**
 * As {@link untilStill}, for a channel of a running network.
 *
 * @param open transactions that may still come; none unless told
 * @throws DeadlineError with the heights seen last, or with what was not calm
 */
export function waitForQuiescence(
  session: Session,
  channel: string,
  open: () => OpenCount = () => NONE,
): Promise<number> {
  const { topology, ordering } = session.network;
  const { batch } = topology.ordering;
  const calmMs = ordering.calmMs(topology);
  return untilStill(
    {
      heights: () => session.network.ledgers.heights(channel),
      open,
      components: () => orderingComponents(session, channel),
    },
    {
      subject: `channel ${channel}`,
      budgetMs: QUIESCENCE_MS,
      calmMs: {
        unacknowledged: patient(calmMs.unacknowledged) + batch.timeout,
        acknowledged: patient(calmMs.acknowledged) + batch.timeout,
      },
      intervalMs: 300,
      signal: session.signal,
      clock: session.clock,
    },
  );
}

/** State of every component, while each orderer could order. @throws Error saying why nothing could be ordered now */
async function orderingComponents({ network }: Session, channel: string): Promise<string> {
  const [components] = await Promise.all([statusOf(network), network.ledgers.ready(channel)]);
  const moving = components.filter(({ state }) => ['starting', 'unhealthy'].includes(state));
  if (moving.length > 0) {
    throw new Error(moving.map(({ component, state }) => `${component} is ${state}`).join(', '));
  }
  return components.map(({ component, state }) => `${component} ${state}`).join('\n');
}
