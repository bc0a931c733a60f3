import type { NetworkProfile } from '../../../fabric-client/client.ts';
import { codeName } from '../../../fabric-client/ledger.ts';
import type { SigningIdentity } from '../../../fabric-client/types.ts';
import { patient } from '../../base/patience.ts';
import { DUPLICATE_TXID } from '../../fabric/ledger/codes.ts';
import type { LoadClient, SubmitResult } from '../client.ts';

/**
 * A client that others make, as its users have it: unpatched, with its own idea of whom to ask, what to retry and when to
 * give up. What its users are told under a fault is a result of its own.
 */
export interface StockClients extends AsyncDisposable {
  /** @param turn counts the clients; those that can start with different peers take turns */
  client(name: string, identity: SigningIdentity, turn: number): Promise<LoadClient>;
}

export interface StockOptions {
  readonly profile: NetworkProfile;
  readonly channel: string;
  readonly chaincode: string;
  /** Milliseconds since the run started. */
  readonly now: () => number;
}

/** Patience that a user would give them, the same as that of the project's own client; milliseconds. */
export const stockPatience = () => ({
  endorse: patient(5_000),
  submit: patient(5_000),
  commit: patient(20_000),
});

/** Reads aim at one peer's state at one height, which stock clients give no hold on. */
export const noReads = (name: string) => async (): Promise<never> => {
  throw new Error(`${name}: reads of one peer at one height are the harness's own client's`);
};

/**
 * What somebody knows who was told this code of a transaction that is not VALID. `DUPLICATE_TXID` is said of a second copy
 * of an envelope, and the first may be VALID all the same: the SDK makes such copies by itself, for it turns to the next
 * orderer when one that has taken the envelope dies before it answers (fabric-common 2.2.20, `Commit.send`), and then
 * hands out the code of whichever copy it hears of.
 */
export const outcomeOfCode = (code: string): SubmitResult['outcome'] =>
  code === codeName(DUPLICATE_TXID) ? 'unknown' : 'fail';
