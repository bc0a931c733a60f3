import { type BroadcastRecord, offer } from './broadcast.ts';
import type { CommitEvent, CommitWatch } from './commit-feed.ts';
import { type Endorsed, Endorsing } from './endorsing.ts';
import { describe } from './errors.ts';
import { type FoundTransaction, findTransaction } from './ledger.ts';
import type { Handover } from './ordering-answers.ts';
import { assembleTransaction } from './proposal.ts';
import { nameOf, type ProposalRecord } from './proposing.ts';
import { type Refusal, RefusedError } from './refusals.ts';
import type { Submission, SubmitPolicy } from './submission.ts';
import { after } from './until.ts';

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
  /** Later acknowledgements, where it was offered again. */
  readonly acknowledgedAgain?: readonly Acknowledged[];
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

/** An orderer's SUCCESS, on the clock given. */
export interface Acknowledged {
  readonly orderer: string;
  readonly at: number;
}

/** For a last look at the peers' indexes, taken out of the commit budget; at most half of it. */
const RECHECK_MS = 2_000;

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
        atOnce: policy.atOnce ?? false,
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
    const again: Acknowledged[] = [];
    const resubmit = async () => {
      const { records, committed } = await offer(
        {
          transport: submission.transport,
          orderers: policy.orderers,
          atOnce: policy.atOnce ?? false,
          timeoutMs: policy.broadcastMs,
          committed: watch.first,
        },
        envelope,
      );
      const at = clock();
      // One that has it still says so in other words.
      for (const { answer, orderer } of records) {
        if (answer?.status === 'SUCCESS') again.push({ orderer, at });
      }
      return committed ?? null;
    };
    const { resubmitMs } = policy;
    const resubmission = taken && resubmitMs !== undefined ? { resubmitMs, resubmit } : undefined;
    const committed =
      offered.committed ??
      (await awaitCommit(submission, transactionId, watch, waitMs, resubmission));
    if (again.length > 0) Object.assign(sofar, { acknowledgedAgain: again });
    if (committed === null) {
      const seen = taken
        ? `no commit event and no peer has it; newest block seen is ${feed.tip} (budget ${Math.round(waitMs)} ms)`
        : errors.join('; ') || 'no orderer answered';
      const stage = taken ? 'commit' : 'broadcast';
      return { ...sofar, outcome: 'unknown', stage, error: `${nameOf(proposal.request)}: ${seen}` };
    }
    const { code, block } = committed;
    const holdMs =
      holders.length > 0 ? Math.min(policy.holdMs ?? 0, until(policy.ends?.commit)) : 0;
    // For the endorsers that are listened to, so that the caller's next transaction finds them at the same height.
    if (holdMs > 0) await Promise.race([watch.all, after(holdMs)]);
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

interface Resubmission {
  readonly resubmitMs: number;
  /** Offers it again; resolves with its commit when that was seen meanwhile. */
  readonly resubmit: () => Promise<CommitEvent | null>;
}

/** The transaction's fate from the event streams or, when these leave it open, from the peers' indexes. */
async function awaitCommit(
  { transport, signer, peers, proposal }: Submission,
  transactionId: string,
  watch: CommitWatch,
  budgetMs: number,
  resubmission?: Resubmission,
): Promise<CommitEvent | FoundTransaction | null> {
  const end = performance.now() + budgetMs;
  const recheckMs = Math.min(RECHECK_MS, budgetMs / 2);
  const leftMs = () => Math.max(0, end - performance.now());
  for (;;) {
    const soonMs = Math.max(0, leftMs() - recheckMs);
    const waitMs = Math.min(soonMs, resubmission?.resubmitMs ?? soonMs);
    const event = await Promise.race([watch.first, watch.duplicate, after(waitMs)]);
    if (event !== null && event.code !== 'DUPLICATE_TXID') return event;
    if (event !== null || resubmission === undefined || waitMs === soonMs) break;
    const committed = await resubmission.resubmit();
    if (committed !== null) return committed;
  }
  const late = after(leftMs());
  // Both at once: an event may still come while the peers are asked.
  const { channel } = proposal.request;
  const found = findTransaction(transport, peers, signer, channel, transactionId, recheckMs);
  return await Promise.race([watch.first, found.then((one) => one ?? late), late]);
}
