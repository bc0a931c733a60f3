import { setTimeout as pause } from 'node:timers/promises';
import { FabricError } from './errors.ts';
import {
  NoAnswerError,
  nameOf,
  type ProposalRecord,
  type ProposalResponse,
  propose,
  proposeToFirst,
  readsOf,
} from './proposing.ts';
import { RefusedError } from './refusals.ts';
import type { Submission, SubmitPolicy } from './submission.ts';
import type { Endpoint, PeerEndpoint } from './types.ts';
import { within } from './until.ts';

/** Between two attempts to find peers that agree; a block later is early enough. */
const LEVEL_PAUSE_MS = 300;

/** A peer and what it answered. */
export interface Endorsed {
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
export class Endorsing {
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
