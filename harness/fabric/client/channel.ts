import { setTimeout as pause } from 'node:timers/promises';
import { fetchBlock, StatusError } from '../deliver/fetch.ts';
import { type BroadcastAnswer, broadcast } from './broadcast.ts';
import type { Connections } from './connections.ts';
import { query, RefusedError } from './endorser.ts';
import { FabricError, RpcError } from './errors.ts';
import { plainHeader, signedEnvelope } from './proposal.ts';
import { common, protos } from './protos.ts';
import { createSigner, type Signer } from './signer.ts';
import type { Endpoint, SigningIdentity } from './types.ts';
import { until } from './until.ts';

const ATTEMPT_MS = 5_000;
/**
 * How long an orderer may take to get a config update into Kafka, or to give up: it waits 10 s for the answer of a broker
 * whose connection is dead, and does so up to four times (`Kafka.Retry.NetworkTimeouts.ReadTimeout`,
 * `Kafka.Retry.Producer.RetryMax`).
 */
const ORDERED_MS = 45_000;
/** Milliseconds between two looks for a channel. */
const LOOK_MS = 200;

export interface CreateChannelOptions {
  readonly connections: Connections;
  readonly orderers: readonly Endpoint[];
  /** The serialized envelope that `configtxgen -outputCreateChannelTx` writes. */
  readonly channelTx: Uint8Array;
  /** Administrators of the member organisations; the first also sends. */
  readonly signers: readonly SigningIdentity[];
  /** For all orderers to serve the channel, ms. Default 90 000. */
  readonly budgetMs?: number;
}

export interface CreatedChannel {
  readonly channel: string;
  /** Block 0, serialized. */
  readonly genesisBlock: Uint8Array;
  /** False when the channel was there already. */
  readonly created: boolean;
}

/**
 * Creates a channel through the system channel and waits until every orderer serves it: block 0 is asked for with
 * `STRICT` error response, which a Kafka consenter answers with SERVICE_UNAVAILABLE until its start phase is over, so
 * the first transaction afterwards is not refused. Does nothing but wait when the channel exists.
 * @throws FabricError when it is refused, or an orderer does not serve it within the budget
 */
export async function createChannel(options: CreateChannelOptions): Promise<CreatedChannel> {
  const { connections, orderers } = options;
  const budgetMs = options.budgetMs ?? 90_000;
  const deadline = performance.now() + budgetMs;
  const signers = options.signers.map(createSigner);
  const sender = signers[0];
  if (sender === undefined || orderers.length === 0) {
    throw new FabricError({
      subject: 'channel creation',
      expected: 'a signer and an orderer',
      seen: `${signers.length} signers, ${orderers.length} orderers`,
    });
  }
  const { channel, update } = parseChannelTx(options.channelTx);
  const exists = await anyServes(connections, orderers, sender, channel);
  if (!exists) {
    const envelope = () => configUpdateEnvelope(channel, update, signers);
    const ordered = (leftMs: number) => appears({ connections, orderers, sender, channel }, leftMs);
    await broadcastConfig({ connections, orderers, channel, envelope, budgetMs, ordered });
  }
  const blocks = await Promise.all(
    orderers.map((orderer) =>
      waitForChannel(
        connections,
        orderer,
        sender,
        channel,
        Math.max(1, deadline - performance.now()),
      ),
    ),
  );
  // biome-ignore lint/style/noNonNullAssertion: there is at least one orderer
  return { channel, genesisBlock: blocks[0]!, created: !exists };
}

/**
 * Waits until an orderer serves a channel and its consenter is started.
 * @returns block 0, serialized
 * @throws FabricError at the deadline
 */
export async function waitForChannel(
  connections: Connections,
  orderer: Endpoint,
  signer: Signer,
  channel: string,
  budgetMs: number,
): Promise<Uint8Array> {
  const seek = { kind: 'orderer', channel, start: 0, errors: 'strict' } as const;
  return await until({
    subject: `channel ${channel} on ${orderer.name}`,
    expected: 'block 0 delivered, consenter started',
    budgetMs,
    look: `log of ${orderer.name}, line "Start phase completed successfully"`,
    attempt: (left) => fetchBlock(connections, orderer, signer, seek, Math.min(left, ATTEMPT_MS)),
    retry: (error) =>
      error instanceof RpcError || (error instanceof StatusError && error.status !== 'BAD_REQUEST'),
  });
}

/**
 * Joins a peer to a channel; a peer that is in it already is left as it is.
 * @throws FabricError when the peer refuses or does not answer within the budget
 */
export async function joinChannel(
  connections: Connections,
  peer: Endpoint,
  genesisBlock: Uint8Array,
  admin: SigningIdentity,
  budgetMs = 30_000,
): Promise<{ readonly joined: boolean }> {
  const signer = createSigner(admin);
  const request = { channel: '', chaincode: 'cscc', args: ['JoinChain', genesisBlock] };
  return await until({
    subject: `${peer.name} joining a channel`,
    expected: 'joined',
    budgetMs,
    look: `log of ${peer.name}`,
    attempt: async (left) => {
      try {
        await query(connections, peer, signer, request, left);
        return { joined: true };
      } catch (error) {
        // core/ledger/kvledger/kv_ledger_provider.go: "ledger [x] already exists with state [ACTIVE]"
        if (error instanceof RefusedError && /already exists/.test(error.text)) {
          return { joined: false };
        }
        throw error;
      }
    },
    retry: (error) => error instanceof RpcError,
  });
}

/** Names of the channels that a peer is in. @throws as `query` */
export async function joinedChannels(
  connections: Connections,
  peer: Endpoint,
  admin: SigningIdentity,
  timeoutMs = 5_000,
): Promise<string[]> {
  const request = { channel: '', chaincode: 'cscc', args: ['GetChannels'] };
  const payload = await query(connections, peer, createSigner(admin), request, timeoutMs);
  return protos.ChannelQueryResponse.decode(payload).channels.map((info) => info.channel_id ?? '');
}

/** Collects the signatures of a config update and wraps it for broadcast. */
export function configUpdateEnvelope(
  channel: string,
  update: Uint8Array,
  signers: readonly Signer[],
): Uint8Array {
  const signatures = signers.map((signer) => {
    const header = plainHeader(common.HeaderType.CONFIG_UPDATE, channel, signer).signature_header;
    const signatureHeader = header ?? new Uint8Array();
    return {
      signature_header: signatureHeader,
      signature: signer.sign(Buffer.concat([signatureHeader, update])),
    };
  });
  const data = common.ConfigUpdateEnvelope.encode({ config_update: update, signatures }).finish();
  // biome-ignore lint/style/noNonNullAssertion: callers check that there is a signer
  const sender = signers[0]!;
  return signedEnvelope(
    plainHeader(common.HeaderType.CONFIG_UPDATE, channel, sender),
    data,
    sender,
  );
}

export interface BroadcastConfigOptions {
  readonly connections: Connections;
  readonly orderers: readonly Endpoint[];
  readonly channel: string;
  /** Made anew for each attempt. */
  readonly envelope: () => Uint8Array;
  readonly budgetMs: number;
  /**
   * Asked after an attempt that was sent and not answered, before the next: whether it was ordered all the same. Takes
   * as long as that may need, and no longer than the milliseconds given.
   */
  readonly ordered?: (leftMs: number) => Promise<boolean>;
}

/**
 * Hands a config update to the first orderer that takes it, going round while they are starting up
 * ("backing Kafka cluster has not completed booting"). An update that was sent but not answered may have been ordered;
 * when a later attempt is told that it comes too late, it was. Callers wait for its effect.
 * @throws FabricError when an orderer refuses it, or none takes it within the budget
 */
export async function broadcastConfig(options: BroadcastConfigOptions): Promise<void> {
  const { connections, orderers, channel } = options;
  let turn = 0;
  let unanswered = false;
  await until({
    subject: `config update of channel ${channel}`,
    expected: 'SUCCESS from an orderer',
    budgetMs: options.budgetMs,
    attempt: async (left) => {
      if (unanswered && (await options.ordered?.(left))) return;
      // biome-ignore lint/style/noNonNullAssertion: callers check that there is an orderer
      const orderer = orderers[turn++ % orderers.length]!;
      const timeoutMs = Math.min(left, ATTEMPT_MS);
      const answer = await broadcast(connections, orderer, options.envelope(), timeoutMs);
      if (answer.status === 'SUCCESS') return;
      if (unanswered && OUTDATED.test(answer.info)) return;
      throw new AnswerError(channel, orderer, answer);
    },
    retry: (error) => {
      if (error instanceof RpcError) {
        unanswered ||= error.sent;
        return true;
      }
      if (!(error instanceof AnswerError) || error.status !== 'SERVICE_UNAVAILABLE') return false;
      unanswered ||= !NOT_TAKEN.test(error.message); // the producer to Kafka may have succeeded after all
      return true;
    },
  });
}

/**
 * Whether a channel that may have been ordered comes to be served by an orderer. To order its creation twice is worse
 * than to wait: the second time a Kafka orderer starts a second chain on the same ledger, and both write each block
 * (orderer/common/multichannel/registrar.go, `newChain`, which passes over existing chains of Raft only).
 */
async function appears(
  { connections, orderers, sender, channel }: Asked,
  leftMs: number,
): Promise<boolean> {
  const deadline = performance.now() + Math.min(leftMs, ORDERED_MS);
  while (performance.now() < deadline) {
    if (await anyServes(connections, orderers, sender, channel)) return true;
    await pause(LOOK_MS);
  }
  return false;
}

interface Asked {
  readonly connections: Connections;
  readonly orderers: readonly Endpoint[];
  readonly sender: Signer;
  readonly channel: string;
}

/** What an orderer says before it has tried to hand anything to Kafka (orderer/consensus/kafka/chain.go, `WaitReady`). */
const NOT_TAKEN = /has not completed booting/;

/** The orderer's words for an update of a configuration that has changed since (`common/configtx/update.go`). */
const OUTDATED = /be at version \d+, but it is currently at version \d+/;

class AnswerError extends FabricError {
  readonly status: string;

  constructor(channel: string, orderer: Endpoint, answer: BroadcastAnswer) {
    super({
      subject: `config update of channel ${channel} at ${orderer.name}`,
      expected: 'SUCCESS',
      seen: `${answer.status}: ${answer.info}`,
      look: `log of ${orderer.name}`,
    });
    this.status = answer.status;
  }
}

function parseChannelTx(bytes: Uint8Array): { channel: string; update: Uint8Array } {
  const payload = common.Payload.decode(common.Envelope.decode(bytes).payload);
  const update = common.ConfigUpdateEnvelope.decode(payload.data).config_update;
  return { channel: common.ConfigUpdate.decode(update).channel_id, update };
}

async function anyServes(
  connections: Connections,
  orderers: readonly Endpoint[],
  signer: Signer,
  channel: string,
): Promise<boolean> {
  const seek = { kind: 'orderer', channel, start: 0 } as const;
  const asked = orderers.map((orderer) =>
    fetchBlock(connections, orderer, signer, seek, ATTEMPT_MS),
  );
  return (await Promise.allSettled(asked)).some((result) => result.status === 'fulfilled');
}
