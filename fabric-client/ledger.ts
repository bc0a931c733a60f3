/** What a peer tells of its ledger (`qscc`). */
import type { Transport } from './connections.ts';
import type { ProposalRequest } from './proposal.ts';
import { type Question, query } from './proposing.ts';
import { common, protos, toNumber } from './protos.ts';
import { RefusedError } from './refusals.ts';
import { blockNumber } from './seek.ts';
import type { Signer } from './signer.ts';
import type { Endpoint } from './types.ts';

export interface ChainInfo {
  readonly height: number;
  /** Hexadecimal. */
  readonly currentBlockHash: string;
  /** Hexadecimal. */
  readonly previousBlockHash: string;
}

export interface FoundTransaction {
  /** Name in `protos.TxValidationCode`. */
  readonly code: string;
  readonly block: number;
}

/** Call of a function of the ledger's chaincode. */
export const qscc = (
  fcn: string,
  channel: string,
  ...args: readonly (string | Uint8Array)[]
): ProposalRequest => ({ channel, chaincode: 'qscc', args: [fcn, channel, ...args] });

/** A chain's height and hashes. */
export const chainInfo = (channel: string): Question<ChainInfo> => ({
  ...qscc('GetChainInfo', channel),
  read: (bytes) => {
    const info = common.BlockchainInfo.decode(bytes);
    return {
      height: toNumber(info.height),
      currentBlockHash: Buffer.from(info.currentBlockHash).toString('hex'),
      previousBlockHash: Buffer.from(info.previousBlockHash).toString('hex'),
    };
  },
});

/** Name in `protos.TxValidationCode`, e.g. `MVCC_READ_CONFLICT`; the number of one that is not known. */
export function codeName(code: number): string {
  return protos.TxValidationCode[code] ?? `${code}`;
}

/** Code and block of a transaction as one peer has them, or null when it has none. @throws as `query` */
export async function transactionById(
  transport: Transport,
  peer: Endpoint,
  signer: Signer,
  channel: string,
  transactionId: string,
  timeoutMs: number,
): Promise<FoundTransaction | null> {
  const ask = (name: string) =>
    query(transport, peer, signer, qscc(name, channel, transactionId), timeoutMs);
  try {
    const [transaction, block] = await Promise.all([
      ask('GetTransactionByID'),
      ask('GetBlockByTxID'),
    ]);
    const { validationCode } = protos.ProcessedTransaction.decode(transaction);
    return { code: codeName(validationCode), block: blockNumber(block) };
  } catch (error) {
    if (error instanceof RefusedError && error.refusal.reason === 'no-entry') return null;
    throw error;
  }
}

/** Asks every peer at once; null when none that answers in time knows the transaction. */
export async function findTransaction(
  transport: Transport,
  peers: readonly Endpoint[],
  signer: Signer,
  channel: string,
  transactionId: string,
  timeoutMs: number,
): Promise<FoundTransaction | null> {
  const asked = peers.map(async (peer) => {
    const found = await transactionById(transport, peer, signer, channel, transactionId, timeoutMs);
    if (found === null) throw new Error('not found');
    return found;
  });
  return await Promise.any(asked).catch(() => null);
}
