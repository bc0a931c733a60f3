import { CommitWatcher } from '../deliver/commits.ts';
import { broadcast } from './broadcast.ts';
import type { Connections } from './connections.ts';
import { endorse } from './endorser.ts';
import { FabricError, RpcError } from './errors.ts';
import { assembleTransaction, createProposal, type ProposalRequest } from './proposal.ts';
import { createSigner } from './signer.ts';
import type { Endpoint, SigningIdentity } from './types.ts';
import { until } from './until.ts';

export interface TransactOptions {
  readonly connections: Connections;
  readonly orderers: readonly Endpoint[];
  /** All of them must endorse. */
  readonly endorsers: readonly Endpoint[];
  /** All of them must have committed before the call returns. */
  readonly observers: readonly Endpoint[];
  readonly identity: SigningIdentity;
  readonly request: ProposalRequest;
  readonly budgetMs: number;
}

const ENDORSE_MS = 30_000;
const BROADCAST_MS = 5_000;

/**
 * Runs one transaction of set-up to its end: endorsed by all, ordered, VALID on all observers. For set-up only, where
 * every node is meant to be there; under faults use the gateway.
 * @throws FabricError that names the step which failed
 */
export async function transact(
  options: TransactOptions,
): Promise<{ readonly block: number; readonly transactionId: string }> {
  const { connections, orderers, request, observers, budgetMs } = options;
  const deadline = performance.now() + budgetMs;
  const left = () => Math.max(1, deadline - performance.now());
  const what = `${request.chaincode}.${request.args[0]}`;
  const signer = createSigner(options.identity);
  const proposal = createProposal(request, signer);
  const watcher = new CommitWatcher({
    connections,
    signer,
    channel: request.channel,
    peers: observers,
  });
  const watch = watcher.watch(proposal.transactionId);
  try {
    const [responses] = await Promise.all([
      Promise.all(
        options.endorsers.map((peer) =>
          endorse(connections, peer, proposal, what, Math.min(ENDORSE_MS, left())),
        ),
      ),
      watcher.ready(budgetMs),
    ]);
    const envelope = assembleTransaction(proposal, responses, signer);
    let turn = 0;
    await until({
      subject: `${what} (transaction ${proposal.transactionId})`,
      expected: 'SUCCESS from an orderer',
      budgetMs: left(),
      attempt: async (remaining) => {
        // biome-ignore lint/style/noNonNullAssertion: callers name at least one orderer
        const orderer = orderers[turn++ % orderers.length]!;
        const answer = await broadcast(
          connections,
          orderer,
          envelope,
          Math.min(BROADCAST_MS, remaining),
        );
        if (answer.status === 'SUCCESS') return;
        const failure = {
          subject: `${what} at ${orderer.name}`,
          expected: 'SUCCESS',
          seen: `${answer.status}: ${answer.info}`,
          look: `log of ${orderer.name}`,
        };
        throw answer.status === 'SERVICE_UNAVAILABLE'
          ? new BusyError(failure)
          : new FabricError(failure);
      },
      retry: (error) => error instanceof RpcError || error instanceof BusyError,
    });
    const committed = await within(watch.all, left(), () => ({
      subject: `${what} (transaction ${proposal.transactionId})`,
      expected: `committed on ${observers.map((peer) => peer.name).join(', ')}`,
      seen: `no commit event from at least one; newest block seen is ${watcher.tip}`,
      budgetMs,
    }));
    if (committed.code !== 'VALID') {
      throw new FabricError({
        subject: `${what} (transaction ${proposal.transactionId})`,
        expected: 'VALID',
        seen: `${committed.code} in block ${committed.block} on ${committed.peer}`,
      });
    }
    return { block: committed.block, transactionId: proposal.transactionId };
  } finally {
    watch.stop();
    await watcher.close();
  }
}

class BusyError extends FabricError {}

/** A promise's result, or an error at the deadline; leaves no timer. */
export async function within<T>(
  promise: Promise<T>,
  budgetMs: number,
  failure: () => ConstructorParameters<typeof FabricError>[0],
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FabricError(failure())), budgetMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
