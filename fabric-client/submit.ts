import { setTimeout as pause } from 'node:timers/promises';
import { type BroadcastRecord, offer } from './broadcast.ts';
import type { CommitEvent, CommitFeed, CommitWatch } from './commit-feed.ts';
import type { Transport } from './connections.ts';
import { describe, FabricError } from './errors.ts';
import { type FoundTransaction, findTransaction } from './ledger.ts';
import type { Handover, OrderingAnswers } from './ordering-answers.ts';
import { assembleTransaction, type SignedProposal } from './proposal.ts';
import {
  NoAnswerError,
  nameOf,
  type ProposalRecord,
  type ProposalResponse,
  propose,
  proposeToFirst,
  readsOf,
} from './proposing.ts';
import { type Refusal, RefusedError } from './refusals.ts';
import type { Signer } from './signer.ts';
import type { Endpoint, PeerEndpoint } from './types.ts';
import { within } from './until.ts';

/** How a transaction is taken from a proposal to a commit. */
export interface SubmitPolicy {
  /** For each organisation that is to endorse, its peers in the order they are to be tried; one of them suffices. */
  readonly endorsers: readonly (readonly PeerEndpoint[])[];
  /**
   * When an organisation has no peer that can: `fail`, or `go-on` with the others, for the chaincode's policy to say
   * whether theirs suffice.
   */
  readonly whenMissing: 'fail' | 'go-on';
  /** In the order they are to be tried. */
  readonly orderers: readonly Endpoint[];
  readonly answers: OrderingAnswers;
  /** For one peer to endorse, ms. */
  readonly endorseMs: number;
  /** For the endorsers to agree on a result, from the first disagreement on, ms. */
  readonly agreeMs: number;
  /** For one orderer to answer; short, so that a frozen one does not eat the whole patience, ms. */
  readonly broadcastMs: number;
  /** From the acknowledgement to the commit event, ms. */
  readonly commitMs: number;
  /** How long to look for a transaction that no orderer acknowledged but one may have, ms. */
  readonly doubtMs: number;
  /** Ends of the stages, ms from the start; default none. A transaction whose endorsing is late is not sent. */
  readonly ends?: { readonly endorse: number; readonly order: number; readonly commit: number };
  /** Offers it to the orderers again and again, for as long as `commitMs`, while they do not take it. */
  readonly persist?: boolean;
  /** How long to wait, before anything is sent to orderers, for the first stream of commit events, ms. Default 0. */
  readonly readyMs?: number;
  /** After the first report of a commit, how long to wait for those endorsers that are listened to, ms. Default 0. */
  readonly holdMs?: number;
}

/** What is known at the end of a submit. */
export interface SubmitOutcome {
  readonly transactionId: string;
  /** `ok`: VALID. `fail`: certainly did not take effect. `unknown`: may or may not have. */
  readonly outcome: 'ok' | 'fail' | 'unknown';
  /** Where in its path the transaction ended. */
  readonly stage: 'endorse' | 'broadcast' | 'commit';
  /** Whether an ordering service may have the envelope; `not-taken` before anything was offered. */
  readonly handover: Handover;
  /** Every peer's answer of every round, those set aside too. */
  readonly responses: readonly ProposalRecord[];
  /** Every orderer's answer. */
  readonly broadcasts: readonly BroadcastRecord[];
  /** MSP ids of the organisations that could not endorse. */
  readonly missing: readonly string[];
  /** Whether the endorsers' time ran out. */
  readonly late?: boolean;
  /** Whether the endorsers never agreed on a result. */
  readonly disagreed?: boolean;
  /** Set when a peer or its chaincode said no. */
  readonly refusal?: Refusal;
  /** When an orderer answered SUCCESS, on the clock given. */
  readonly acknowledgedAt?: number;
  readonly block?: number;
  /** Validation code, e.g. `VALID`. */
  readonly code?: string;
  /**
   * Set when a peer reported the id as a duplicate and none reported a first: what is told here is of the transaction that
   * has the id, which need not be this one.
   */
  readonly duplicate?: boolean;
  /** What the chaincode returned when it was endorsed. */
  readonly payload?: Uint8Array;
  readonly error?: string;
  readonly cause?: unknown;
}

export interface Submission {
  readonly transport: Transport;
  readonly feed: CommitFeed;
  readonly signer: Signer;
  readonly proposal: SignedProposal;
  /** Peers in the order they are to be tried, for a policy's lists. Default as they are. */
  readonly order?: (peers: readonly PeerEndpoint[]) => PeerEndpoint[];
  /** All peers of the channel, asked for a transaction whose commit was not seen. */
  readonly peers: readonly PeerEndpoint[];
  /** Default: since this process started, ms. */
  readonly clock?: () => number;
}

/** For a last look at the peers' indexes, taken out of the commit budget; at most half of it. */
const RECHECK_MS = 2_000;
/** Between two attempts to find peers that agree; a block later is early enough. */
const LEVEL_PAUSE_MS = 300;

/** Takes one transaction through endorsement, ordering and commit. Never throws: what went wrong is the result. */
export async function submit(submission: Submission, policy: SubmitPolicy): Promise<SubmitOutcome> {
  const { feed, proposal, signer } = submission;
  const clock = submission.clock ?? (() => performance.now());
  const started = performance.now();
  const until = (end: number | undefined) =>
    Math.max(0, (end ?? Number.POSITIVE_INFINITY) - (performance.now() - started));
  const { transactionId } = proposal;
  const endorsing = new Endorsing(submission, policy, () => until(policy.ends?.endorse));
  const known = () => ({
    transactionId,
    responses: endorsing.records(),
    missing: endorsing.missing,
  });
  let endorsed: readonly Endorsed[];
  try {
    endorsed = await endorsing.run();
  } catch (cause) {
    const refusal = cause instanceof RefusedError ? { refusal: cause.refusal } : {};
    return {
      ...known(),
      outcome: 'fail',
      stage: 'endorse',
      handover: 'not-taken',
      broadcasts: [],
      late: endorsing.late,
      disagreed: endorsing.disagreed,
      ...refusal,
      error: describe(cause),
      cause,
    };
  }
  if (policy.readyMs !== undefined) {
    // A commit that is not seen for lack of a stream can still be asked for.
    await feed.ready(Math.min(policy.readyMs, until(policy.ends?.order))).catch(() => undefined);
  }
  const responses = endorsed.map(({ response }) => response);
  const envelope = assembleTransaction(proposal, responses, signer);
  const holders = endorsed.map(({ peer }) => peer.name).filter((name) => feed.tipOf(name) >= 0);
  const watch = feed.watch(transactionId, holders);
  const reported = { first: false, duplicate: false };
  void watch.first.then(() => {
    reported.first = true;
  });
  void watch.duplicate.then(() => {
    reported.duplicate = true;
  });
  try {
    const budgetMs = Math.min(
      until(policy.ends?.order),
      policy.persist === true ? policy.commitMs : Number.POSITIVE_INFINITY,
    );
    const offered = await offer(
      {
        transport: submission.transport,
        orderers: policy.orderers,
        answers: policy.answers,
        timeoutMs: policy.broadcastMs,
        budgetMs,
        again: policy.persist ?? false,
        committed: watch.first,
      },
      envelope,
    );
    const { handover, records: broadcasts } = offered;
    const errors = broadcasts.filter(({ means }) => means !== 'taken').map(({ text }) => text);
    const sofar = {
      ...known(),
      handover,
      broadcasts,
      ...(handover === 'taken' ? { acknowledgedAt: clock() } : {}),
    };
    if (handover === 'refused' || handover === 'not-taken') {
      const error = errors.join('; ') || 'no orderers';
      return { ...sofar, outcome: 'fail', stage: 'broadcast', error };
    }
    const taken = handover === 'taken';
    const waitMs = Math.min(taken ? policy.commitMs : policy.doubtMs, until(policy.ends?.commit));
    const committed =
      offered.committed ?? (await awaitCommit(submission, transactionId, watch, waitMs));
    if (committed === null) {
      const seen = taken
        ? `no commit event and no peer has it; newest block seen is ${feed.tip} (budget ${Math.round(waitMs)} ms)`
        : errors.join('; ') || 'no orderer answered';
      const stage = taken ? 'commit' : 'broadcast';
      return { ...sofar, outcome: 'unknown', stage, error: `${nameOf(proposal.request)}: ${seen}` };
    }
    const { code, block } = committed;
    await held(watch, holders, Math.min(policy.holdMs ?? 0, until(policy.ends?.commit)));
    const duplicate = reported.duplicate && !reported.first ? { duplicate: true } : {};
    const end = { ...sofar, stage: 'commit' as const, block, code, ...duplicate };
    const payload = responses[0]?.response?.payload ?? new Uint8Array();
    if (code === 'VALID') return { ...end, outcome: 'ok', payload };
    return {
      ...end,
      outcome: 'fail',
      error: `${nameOf(proposal.request)}: ${code} in block ${block}`,
    };
  } finally {
    watch.stop();
  }
}

interface Endorsed {
  readonly peer: PeerEndpoint;
  readonly response: ProposalResponse;
}

/**
 * One endorsement from each organisation, all with the same result. Peers that are not at the same height read
 * different versions; then all peers are asked, with the same transaction id, as nothing was sent for ordering yet,
 * and those that agree are taken: peers that pull their blocks from an orderer that crashed or froze are behind the
 * others for some seconds, and a client that gave up at once would fail a hundred times meanwhile. One that lags is
 * remembered and tried last for a while. Every answer of every round is kept.
 */
class Endorsing {
  readonly missing: string[] = [];
  disagreed = false;
  late = false;
  readonly #submission: Submission;
  readonly #policy: SubmitPolicy;
  readonly #leftMs: () => number;
  readonly #kept: { record: ProposalRecord; response?: ProposalResponse }[] = [];

  constructor(submission: Submission, policy: SubmitPolicy, leftMs: () => number) {
    this.#submission = submission;
    this.#policy = policy;
    this.#leftMs = leftMs;
  }

  /** What was kept so far; where results differ, with what each peer had read. */
  records(): ProposalRecord[] {
    const results = new Set(this.#kept.flatMap(({ record }) => record.result ?? []));
    return this.#kept.map(({ record, response }) => {
      const reads = results.size > 1 && response ? readsOf(response.payload) : undefined;
      return reads === undefined ? record : { ...record, reads };
    });
  }

  /** @throws RefusedError, NoAnswerError or FabricError when there is no set of endorsements to send */
  async run(): Promise<readonly Endorsed[]> {
    const leftMs = this.#leftMs();
    const failure = () => {
      this.late = true;
      return {
        subject: nameOf(this.#submission.proposal.request),
        expected: 'endorsements',
        seen: 'none in time',
        budgetMs: leftMs,
      };
    };
    if (leftMs === 0) throw new FabricError(failure());
    const work = this.#run();
    return Number.isFinite(leftMs) ? await within(work, leftMs, failure) : await work;
  }

  async #run(): Promise<readonly Endorsed[]> {
    const { whenMissing } = this.#policy;
    const outcomes = await Promise.allSettled(
      this.#policy.endorsers.map((peers) => this.#byFirst(peers)),
    );
    const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    const endorsed = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refusal = failures.find(
      (error) => error instanceof RefusedError || !(error instanceof NoAnswerError),
    );
    const groups = this.#policy.endorsers.filter((_, at) => outcomes[at]?.status === 'fulfilled');
    for (const [at, peers] of this.#policy.endorsers.entries()) {
      if (outcomes[at]?.status === 'rejected') this.missing.push(peers[0]?.mspId ?? '');
    }
    if (refusal !== undefined) throw refusal;
    const [first] = failures;
    if (first !== undefined && (whenMissing === 'fail' || endorsed.length === 0)) throw first;
    return this.#agreeing(groups, endorsed) ?? (await this.#byAgreement(groups));
  }

  /** The first peer of an organisation that can. */
  async #byFirst(peers: readonly PeerEndpoint[]): Promise<Endorsed> {
    const { transport, proposal, order } = this.#submission;
    const mspId = peers[0]?.mspId ?? 'no organisation';
    return await proposeToFirst(
      transport,
      order?.(peers) ?? peers,
      proposal,
      this.#policy.endorseMs,
      `${nameOf(proposal.request)} for ${mspId}`,
      (_, peer) => this.#propose(peer, 1),
    );
  }

  async #byAgreement(groups: readonly (readonly PeerEndpoint[])[]): Promise<readonly Endorsed[]> {
    const { transport, feed, proposal } = this.#submission;
    const { health } = transport;
    const deadline = performance.now() + this.#policy.agreeMs;
    for (let round = 2; ; round += 1) {
      const peers = groups.flat();
      const asked = await Promise.allSettled(peers.map((peer) => this.#propose(peer, round)));
      const endorsed = asked.flatMap((one, at) => {
        const peer = peers[at];
        return one.status === 'fulfilled' && peer ? [{ peer, response: one.value }] : [];
      });
      const chosen = this.#agreeing(groups, endorsed);
      if (chosen !== null) {
        const payload = payloadOf(chosen[0]);
        for (const other of endorsed) {
          if (payloadOf(other) !== payload) health.failed(other.peer);
        }
        return chosen;
      }
      const everyOrganisation = groups.every((own) =>
        own.some(({ name }) => endorsed.some(({ peer }) => peer.name === name)),
      );
      if (!everyOrganisation || performance.now() + LEVEL_PAUSE_MS >= deadline) {
        this.disagreed = true;
        const said = endorsed.map(({ peer }) => `${peer.name} (block ${feed.tipOf(peer.name)})`);
        throw new FabricError({
          subject: nameOf(proposal.request),
          expected: 'the same read-write set from a peer of each organisation',
          seen: `proposal responses that differ between ${said.join(', ')}`,
        });
      }
      await pause(LEVEL_PAUSE_MS);
    }
  }

  async #propose(peer: Endpoint, round: number): Promise<ProposalResponse> {
    const { transport, proposal, feed } = this.#submission;
    const height = () => feed.tipOf(peer.name) + 1 || undefined;
    const heightBefore = height();
    let index = -1;
    const response = await propose(transport, peer, proposal, this.#policy.endorseMs, (answer) => {
      const heightAfter = height();
      index = this.#kept.length;
      this.#kept.push({
        record: {
          peer: peer.name,
          round,
          ...(heightBefore === undefined ? {} : { heightBefore }),
          ...(heightAfter === undefined ? {} : { heightAfter }),
          ...answer,
        },
      });
    });
    const kept = this.#kept[index];
    if (kept !== undefined) kept.response = response;
    return response;
  }

  /** Of each organisation one endorsement with the same payload; where several would do, the newest chain's. */
  #agreeing(
    groups: readonly (readonly PeerEndpoint[])[],
    endorsed: readonly Endorsed[],
  ): readonly Endorsed[] | null {
    const { feed } = this.#submission;
    const byTip = [...endorsed].sort((a, b) => feed.tipOf(b.peer.name) - feed.tipOf(a.peer.name));
    for (const candidate of byTip) {
      const payload = payloadOf(candidate);
      const found = groups.flatMap(
        (peers) =>
          byTip.find(
            (other) =>
              payloadOf(other) === payload && peers.some(({ name }) => name === other.peer.name),
          ) ?? [],
      );
      if (found.length === groups.length) return found;
    }
    return null;
  }
}

function payloadOf(endorsed: Endorsed | undefined): string {
  return Buffer.from(endorsed?.response.payload ?? []).toString('base64');
}

/** Waits for the endorsers that are listened to, so that the caller's next transaction finds them at the same height. */
async function held(watch: CommitWatch, holders: readonly string[], ms: number): Promise<void> {
  if (ms <= 0 || holders.length === 0) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([watch.all, late]);
  clearTimeout(timer);
}

/** The transaction's fate from the event streams or, when these leave it open, from the peers' indexes. */
async function awaitCommit(
  { transport, signer, peers, proposal }: Submission,
  transactionId: string,
  watch: CommitWatch,
  budgetMs: number,
): Promise<CommitEvent | FoundTransaction | null> {
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number) =>
    new Promise<null>((resolve) => {
      timers.push(setTimeout(() => resolve(null), ms));
    });
  const recheckMs = Math.min(RECHECK_MS, budgetMs / 2);
  const late = after(budgetMs);
  try {
    const event = await Promise.race([watch.first, watch.duplicate, after(budgetMs - recheckMs)]);
    if (event !== null && event.code !== 'DUPLICATE_TXID') return event;
    // Both at once: an event may still come while the peers are asked.
    const { channel } = proposal.request;
    const found = findTransaction(transport, peers, signer, channel, transactionId, recheckMs);
    return await Promise.race([watch.first, found.then((one) => one ?? late), late]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}
