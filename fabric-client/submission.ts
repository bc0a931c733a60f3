import type { CommitFeed } from './commit-feed.ts';
import type { Transport } from './connections.ts';
import type { SignedProposal } from './proposal.ts';
import type { Signer } from './signer.ts';
import type { Endpoint, PeerEndpoint } from './types.ts';

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
  /** Sends to all orderers at the same time, as clients of BFT must. */
  readonly atOnce?: boolean;
  /** For one peer to endorse, ms. */
  readonly endorseMs: number;
  /** For the endorsers to agree on a result, from the first disagreement on, ms. */
  readonly agreeMs: number;
  /** For one orderer to answer; short, so that a frozen one does not eat the whole patience, ms. */
  readonly broadcastMs: number;
  /** From the acknowledgement to the commit event, ms. */
  readonly commitMs: number;
  /**
   * From an acknowledgement without a commit to the same envelope being offered again, ms; never unless told. For orderers
   * that may lose what they acknowledge; ordered twice, the second is refused by its transaction id.
   */
  readonly resubmitMs?: number;
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

/** A transaction on its way, and by what it goes. */
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
