import { acquireFeed } from './commit-feed.ts';
import type { Transport } from './connections.ts';
import { FabricError } from './errors.ts';
import { patient } from './patience.ts';
import { createProposal, type ProposalRequest } from './proposal.ts';
import { nameOf } from './proposing.ts';
import { createSigner } from './signer.ts';
import { submit } from './submit.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from './types.ts';
import { within } from './until.ts';

export interface TransactOptions {
  readonly connections: Transport;
  readonly orderers: readonly Endpoint[];
  /** All of them must endorse. */
  readonly endorsers: readonly PeerEndpoint[];
  /** All of them must have committed before the call returns. */
  readonly observers: readonly PeerEndpoint[];
  readonly identity: SigningIdentity;
  readonly request: ProposalRequest;
  readonly budgetMs: number;
  /** Told of the transaction's id before anything is sent. */
  readonly told?: (transactionId: string) => void;
}

/**
 * Runs one transaction of set-up to its end: endorsed by all, ordered, VALID on all observers. For set-up only, where
 * every node is meant to be there; under faults use a client.
 * @throws FabricError that names the step which failed
 */
export async function transact(
  options: TransactOptions,
): Promise<{ readonly block: number; readonly transactionId: string }> {
  const { connections, request, observers } = options;
  const budgetMs = patient(options.budgetMs);
  const deadline = performance.now() + budgetMs;
  const left = () => Math.max(1, deadline - performance.now());
  const signer = createSigner(options.identity);
  const proposal = createProposal(request, signer);
  const { transactionId } = proposal;
  options.told?.(transactionId);
  const subject = `${nameOf(request)} (transaction ${transactionId})`;
  const { feed, release } = acquireFeed({
    connections,
    signer,
    channel: request.channel,
    peers: observers,
  });
  const watch = feed.watch(
    transactionId,
    observers.map(({ name }) => name),
  );
  try {
    await feed.ready(budgetMs);
    const end = await submit(
      { transport: connections, feed, signer, proposal, peers: observers },
      {
        endorsers: options.endorsers.map((peer) => [peer]),
        whenMissing: 'fail',
        orderers: options.orderers,
        endorseMs: Math.min(patient(ENDORSE_MS), left()),
        agreeMs: Math.min(patient(ENDORSE_MS), left()),
        broadcastMs: patient(BROADCAST_MS),
        commitMs: left(),
        doubtMs: left(),
        persist: true,
      },
    );
    if (end.code !== undefined && end.code !== 'VALID') {
      throw new FabricError({
        subject,
        expected: 'VALID',
        seen: `${end.code} in block ${end.block}`,
      });
    }
    if (end.outcome !== 'ok') {
      if (end.cause instanceof FabricError) throw end.cause;
      throw new FabricError({
        subject,
        expected: 'a commit',
        seen: end.error ?? end.stage,
        budgetMs,
      });
    }
    const { block } = await within(watch.all, left(), () => ({
      subject,
      expected: `committed on ${observers.map((peer) => peer.name).join(', ')}`,
      seen: `no commit event from at least one; newest block seen is ${feed.tip}`,
      budgetMs,
    }));
    return { block, transactionId };
  } finally {
    watch.stop();
    await release();
  }
}

const ENDORSE_MS = 30_000;
const BROADCAST_MS = 5_000;
