import type { Connections } from '../../../fabric-client/connections.ts';
import { query } from '../../../fabric-client/proposing.ts';
import { RefusedError } from '../../../fabric-client/refusals.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { until } from '../../../fabric-client/until.ts';
import type { Endpoints } from '../../fabric/endpoints.ts';

/** Milliseconds for a server to answer its first call; four JVMs on two busy cores have taken twenty seconds. */
const BUDGET_MS = 90_000;
/** What every chaincode made with a contract API answers, and every other refuses. */
const HARMLESS = 'org.hyperledger.fabric:GetMetadata';

/**
 * Has each peer of a channel call its server of a chaincode once, with nothing that is ordered: it connects at the first
 * call only, and until a server that has just started answers that may take longer than a client waits.
 *
 * @throws FabricError naming the peer whose server does not answer, with the peer's words
 */
export async function awaitAnswers(
  connections: Connections,
  { organisations }: Pick<Endpoints, 'organisations'>,
  channel: string,
  chaincode: string,
  budgetMs = BUDGET_MS,
): Promise<void> {
  await Promise.all(
    organisations.flatMap(({ admin, peers }) => {
      const signer = createSigner(admin);
      return peers.map((peer) =>
        until({
          subject: `chaincode ${chaincode} of ${peer.name} on ${channel}`,
          expected: 'an answer',
          budgetMs,
          look: `logs of ${peer.name} and ${chaincode}.${peer.name}`,
          attempt: async (leftMs) => {
            const request = { channel, chaincode, args: [HARMLESS] };
            await query(connections, peer, signer, request, leftMs).catch(refusedByChaincode);
          },
          retry: (error) => !(error instanceof RefusedError) || error.refusal.reason === 'peer',
        }),
      );
    }),
  );
}

/**
 * A refusal is an answer, and so is the peer's that it must be initialised first, which is for the author to do. One that
 * says nothing to a function that it does not know is connected all the same.
 */
function refusedByChaincode(error: unknown): void {
  const answered =
    error instanceof RefusedError &&
    (error.byChaincode || INIT.test(error.text) || SILENT.test(error.text));
  if (!answered) throw error;
}

/** core/chaincode/handler.go, `Execute`: said only once the server has registered and has been sent the call. */
const SILENT = /timeout expired while executing transaction/;
/** core/chaincode/chaincode_support.go, `CheckInvocation` */
const INIT = /has not been initialized for this version, must call as init first/;
