import { setTimeout as pause } from 'node:timers/promises';
import type { Endorsement } from 'fabric-common';
import { type ProposalAnswer, RefusedError } from '../client/endorser.ts';
import { describe, FabricError } from '../client/errors.ts';
import type { Endpoint, PeerEndpoint } from '../client/types.ts';
import type { CommitEvent, CommitWatch } from '../deliver/commits.ts';
import type { FoundTransaction, Hub } from './hub.ts';
import { classifyAnswer, classifyError, type Handover, type SubmitResult } from './outcome.ts';
import { handler, type User } from './user.ts';

/** Time limits of a submit, ms. */
export interface SubmitTimeouts {
  /** For one peer to endorse. */
  readonly endorseMs: number;
  /** For one orderer to answer; short, so that a frozen one does not eat the whole patience. */
  readonly broadcastMs: number;
  /** From the acknowledgement to the commit event. */
  readonly commitMs: number;
  /** How long to look for a transaction that no orderer acknowledged but one may have. */
  readonly doubtMs: number;
}

export interface Submission {
  readonly hub: Hub;
  readonly user: User;
  /** Built and signed. */
  readonly endorsement: Endorsement;
  /** For errors, e.g. `bank.transfer`. */
  readonly what: string;
  /** For each organisation that must endorse, its peers in the order they are to be tried. */
  readonly endorsers: readonly (readonly PeerEndpoint[])[];
  /** The newest block that the client was told of. */
  readonly seen: number;
  /** In the order they are to be tried. */
  readonly orderers: readonly Endpoint[];
  readonly timeouts: SubmitTimeouts;
  readonly clock: () => number;
}

/** For an orderer's answer to arrive although a peer's report has overtaken it. */
const ACK_GRACE_MS = 200;
/** For a last look at the peers' indexes, taken out of the commit budget. */
const RECHECK_MS = 2_000;

/**
 * Takes one transaction through endorsement, ordering and commit. Never throws: what went wrong is the result.
 *
 * The transaction lives in fabric-common's Endorsement and Commit. Whom they are sent to, in which order and with how
 * much patience, is decided here, in the handlers that these objects ask.
 */
export async function submit(submission: Submission): Promise<SubmitResult> {
  const { hub, user, endorsement, clock } = submission;
  const transactionId = endorsement.getTransactionId();
  const commit = endorsement.newCommit();
  let result: string | undefined;
  try {
    const { responses } = await endorsement.send({
      handler: handler((proposal) => endorseByAll(submission, proposal)),
    });
    user.sign(commit, commit.build(user.context));
    const payload = responses[0]?.response.payload;
    if (payload !== undefined && payload !== null) result = Buffer.from(payload).toString();
  } catch (error) {
    const refused = error instanceof RefusedError && error.byChaincode ? { refused: true } : {};
    return { outcome: 'fail', stage: 'endorse', at: clock(), ...refused, error: describe(error) };
  }
  const watch = hub.watcher.watch(transactionId);
  try {
    const sent: Sent = await commit.send({
      handler: handler((envelope) => handOver(submission, envelope, watch)),
    });
    if (sent.handover === 'refused' || sent.handover === 'unavailable') {
      const { orderer, error } = sent;
      return { outcome: 'fail', stage: 'broadcast', at: clock(), ...orderer, ...error };
    }
    const acknowledged = sent.handover === 'accepted';
    const acknowledgedAt = acknowledged ? { acknowledgedAt: sent.at } : {};
    const budgetMs = acknowledged ? submission.timeouts.commitMs : submission.timeouts.doubtMs;
    const committed =
      sent.committed ?? (await awaitCommit(submission, transactionId, watch, budgetMs));
    const common = { at: clock(), ...sent.orderer, ...acknowledgedAt };
    if (committed === null) {
      const stage = acknowledged ? ('commit' as const) : ('broadcast' as const);
      const seen = acknowledged
        ? `no commit event and no peer has it; newest block seen is ${hub.watcher.tip} (budget ${budgetMs} ms)`
        : (sent.error.error ?? 'no orderer answered');
      return { outcome: 'unknown', stage, ...common, error: `${submission.what}: ${seen}` };
    }
    const { code, block } = committed;
    if (code === 'VALID') {
      const value = result === undefined ? {} : { result };
      return { outcome: 'ok', stage: 'commit', ...common, block, code, ...value };
    }
    const error = `${submission.what}: ${code} in block ${block}`;
    return { outcome: 'fail', stage: 'commit', ...common, block, code, error };
  } finally {
    watch.stop();
  }
}

interface Endorsed {
  readonly peer: PeerEndpoint;
  readonly response: ProposalAnswer;
}

/**
 * One endorsement from each organisation, all with the same result. Peers that are not at the same height read
 * different versions; then all peers are asked, with the same transaction id, as nothing was sent for ordering yet,
 * and those that agree are taken. A peer that lags (cut off, or fed by a frozen orderer) does so for seconds, so it
 * is remembered and tried last for a while.
 */
async function endorseByAll(
  submission: Submission,
  proposal: Buffer,
): Promise<readonly ProposalAnswer[]> {
  const first = await Promise.all(
    submission.endorsers.map((peers) => endorseByOne(submission, proposal, peers)),
  );
  const chosen = agreeing(submission, first) ?? (await endorseByAgreement(submission, proposal));
  return chosen.map(({ response }) => response);
}

/** Between two attempts to find peers that agree; a block later is early enough. */
const LEVEL_PAUSE_MS = 300;

/**
 * Asks every peer, and again until those of all organisations agree: peers that pull their blocks from an orderer that
 * crashed or froze are behind the others for some seconds, and a client that gave up at once would fail a hundred times
 * meanwhile. The budget is that of one endorsement.
 */
async function endorseByAgreement(
  submission: Submission,
  proposal: Buffer,
): Promise<readonly Endorsed[]> {
  const { hub, endorsers, what, timeouts } = submission;
  const deadline = performance.now() + timeouts.endorseMs;
  for (;;) {
    const asked = await Promise.allSettled(
      endorsers.flat().map((peer) => endorseByOne(submission, proposal, [peer])),
    );
    const endorsed = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const chosen = agreeing(submission, endorsed);
    if (chosen !== null) {
      const payload = payloadOf(chosen[0]);
      for (const other of endorsed) {
        if (payloadOf(other) !== payload) hub.health.failed(other.peer.name);
      }
      return chosen;
    }
    const everyOrganisation = endorsers.every((peers) =>
      peers.some((peer) => endorsed.some((one) => one.peer.name === peer.name)),
    );
    if (!everyOrganisation || performance.now() + LEVEL_PAUSE_MS >= deadline) {
      throw new FabricError({
        subject: what,
        expected: 'the same read-write set from a peer of each organisation',
        seen: `proposal responses that differ between ${endorsed
          .map(({ peer }) => `${peer.name} (block ${hub.watcher.tipOf(peer.name)})`)
          .join(', ')}`,
      });
    }
    await pause(LEVEL_PAUSE_MS);
  }
}

/** Of each organisation one endorsement with the same payload; where several payloads would do, the newest chain's. */
function agreeing(
  submission: Submission,
  endorsed: readonly Endorsed[],
): readonly Endorsed[] | null {
  const { hub, endorsers } = submission;
  const byTip = [...endorsed].sort(
    (a, b) => hub.watcher.tipOf(b.peer.name) - hub.watcher.tipOf(a.peer.name),
  );
  for (const candidate of byTip) {
    const payload = payloadOf(candidate);
    const group = endorsers.map((peers) =>
      byTip.find(
        (other) =>
          payloadOf(other) === payload && peers.some((peer) => peer.name === other.peer.name),
      ),
    );
    const found = group.filter((one) => one !== undefined);
    if (found.length === endorsers.length) return found;
  }
  return null;
}

function payloadOf(endorsed: Endorsed | undefined): string {
  return Buffer.from(endorsed?.response.payload ?? []).toString('base64');
}

async function endorseByOne(
  submission: Submission,
  proposal: Buffer,
  peers: readonly PeerEndpoint[],
): Promise<Endorsed> {
  const { hub, what, timeouts } = submission;
  const errors: string[] = [];
  for (const peer of hub.choosePeers(peers, submission.seen)) {
    try {
      const response = await hub.peerNode(peer).propose(proposal, what, timeouts.endorseMs);
      hub.health.worked(peer.name);
      return { peer, response };
    } catch (error) {
      if (error instanceof RefusedError && error.byChaincode) throw error;
      hub.health.failed(peer.name);
      errors.push(describe(error));
    }
  }
  throw new FabricError({
    subject: `${what} for ${peers[0]?.mspId ?? 'no organisation'}`,
    expected: `an endorsement from one of ${peers.map((peer) => peer.name).join(', ')}`,
    seen: errors.join('; ') || 'no peers',
  });
}

interface Sent {
  readonly handover: Handover;
  readonly orderer: { readonly orderer?: string };
  readonly error: { readonly error?: string };
  readonly at: number;
  /** Set when the commit event came before any orderer's answer. */
  readonly committed?: CommitEvent;
}

/** Tries one orderer after the other until one accepts, one refuses for good, or the transaction is seen committed. */
async function handOver(
  submission: Submission,
  envelope: Buffer,
  watch: CommitWatch,
): Promise<Sent> {
  const { hub, orderers, timeouts, clock } = submission;
  let doubt = false;
  let last: Sent = {
    handover: 'unavailable',
    orderer: {},
    error: { error: 'the profile has no orderers' },
    at: clock(),
  };
  const errors: string[] = [];
  for (const target of hub.health.choose(orderers)) {
    const orderer = { orderer: target.name };
    const wait = new AbortController();
    const { signal } = wait;
    const node = hub.ordererNode(target);
    const asked = node.broadcast(envelope, timeouts.broadcastMs, signal).then(
      (answer) => ({
        handover: classifyAnswer(answer),
        text: `${target.name}: ${answer.status}: ${answer.info}`,
      }),
      (error: unknown) => ({ handover: classifyError(error), text: describe(error) }),
    );
    // An orderer that froze after it had sent the envelope on: the commit tells more than its silence.
    const grace = watch.first.then((event) =>
      pause(ACK_GRACE_MS, event, { signal }).catch(() => event),
    );
    const first = await Promise.race([asked, grace]);
    wait.abort();
    if (!('handover' in first)) {
      return { handover: 'indeterminate', orderer, error: {}, at: clock(), committed: first };
    }
    if (first.handover === 'accepted') {
      hub.health.worked(target.name);
      return { handover: 'accepted', orderer, error: {}, at: clock() };
    }
    errors.push(first.text);
    const error = { error: errors.join('; ') };
    last = { handover: first.handover, orderer, error, at: clock() };
    if (first.handover === 'refused') break;
    hub.health.failed(target.name);
    if (first.handover === 'indeterminate') doubt = true;
  }
  return doubt ? { ...last, handover: 'indeterminate' } : last;
}

/** The transaction's fate from the event streams or, when these leave it open, from the peers' indexes. */
async function awaitCommit(
  { hub, user }: Submission,
  transactionId: string,
  watch: CommitWatch,
  budgetMs: number,
): Promise<CommitEvent | FoundTransaction | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(0, budgetMs - RECHECK_MS));
  });
  try {
    const event = await Promise.race([watch.first, watch.duplicate, late]);
    if (event !== null && event.code !== 'DUPLICATE_TXID') return event;
  } finally {
    clearTimeout(timer);
  }
  // Both at once: an event may still come while the peers are asked.
  const found = hub.findTransaction(user, transactionId, RECHECK_MS);
  return await Promise.race([watch.first, found]);
}
