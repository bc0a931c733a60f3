import { setTimeout as pause } from 'node:timers/promises';
import { type BroadcastRecord, offer } from './broadcast.ts';
import type { Transport } from './connections.ts';
import { FabricError, RpcError } from './errors.ts';
import { fetchBlock, StatusError } from './fetch.ts';
import { OUTDATED } from './ordering-answers.ts';
import { patient } from './patience.ts';
import { plainHeader, signedEnvelope } from './proposal.ts';
import { mayPass, type Question, query } from './proposing.ts';
import { common, type FabricProtos, protos } from './protos.ts';
import { RefusedError } from './refusals.ts';
import { createSigner, type Signer, signerOf } from './signer.ts';
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
  readonly connections: Transport;
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
 * @throws FabricError when it is refused, or an orderer does not serve it within the budget, which each of both has
 */
export async function createChannel(options: CreateChannelOptions): Promise<CreatedChannel> {
  const { connections, orderers } = options;
  const budgetMs = options.budgetMs ?? 90_000;
  const [sender, ...others] = options.signers.map(createSigner);
  if (sender === undefined || orderers.length === 0) {
    throw new FabricError({
      subject: 'channel creation',
      expected: 'a signer and an orderer',
      seen: `${options.signers.length} signers, ${orderers.length} orderers`,
    });
  }
  const { channel, update } = readConfigUpdate(options.channelTx);
  const exists = await anyServes(connections, orderers, sender, channel);
  if (!exists) {
    const envelope = () => configUpdateEnvelope(channel, update, [sender, ...others]);
    const ordered = (leftMs: number) => appears({ connections, orderers, sender, channel }, leftMs);
    await broadcastConfig({
      connections,
      orderers,
      channel,
      envelope,
      budgetMs,
      ordered,
    });
  }
  const blocks = await Promise.all(
    orderers.map((orderer) => waitForChannel(connections, orderer, sender, channel, budgetMs)),
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
  connections: Transport,
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
    attempt: (left) =>
      fetchBlock(connections, orderer, signer, seek, Math.min(left, patient(ATTEMPT_MS))),
    retry: (error) =>
      error instanceof RpcError || (error instanceof StatusError && error.status !== 'BAD_REQUEST'),
  });
}

/**
 * Joins a peer to a channel; a peer that is in it already is left as it is.
 * @throws FabricError when the peer refuses or does not answer within the budget
 */
export async function joinChannel(
  connections: Transport,
  peer: Endpoint,
  genesisBlock: Uint8Array,
  admin: SigningIdentity | Signer,
  budgetMs = 30_000,
): Promise<{ readonly joined: boolean }> {
  const signer = signerOf(admin);
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
    retry: mayPass,
  });
}

/** Names of the channels that a peer is in. */
export const joinedChannels: Question<string[]> = {
  ...{ channel: '', chaincode: 'cscc', args: ['GetChannels'] },
  read: (bytes) =>
    protos.ChannelQueryResponse.decode(bytes).channels.map(({ channel_id }) => channel_id ?? ''),
};

export interface ConfigUpdate {
  readonly channel: string;
  /** Serialized `common.ConfigUpdate`. */
  readonly update: Uint8Array;
  /** Those that it carries already. */
  readonly signatures: readonly FabricProtos.common.IConfigSignature[];
}

/**
 * A configuration update as configtxgen writes it.
 * @param file serialized `common.Envelope` around a `ConfigUpdateEnvelope`
 * @throws FabricError when it is none
 */
export function readConfigUpdate(file: Uint8Array): ConfigUpdate {
  try {
    const payload = common.Payload.decode(common.Envelope.decode(file).payload);
    const { config_update: update, signatures } = common.ConfigUpdateEnvelope.decode(payload.data);
    if (update.length > 0) {
      return { channel: common.ConfigUpdate.decode(update).channel_id, update, signatures };
    }
  } catch {
    // Not protobuf: the same answer.
  }
  throw new FabricError({
    subject: 'channel configuration update',
    expected: 'an envelope as configtxgen writes it',
    seen: `${file.length} bytes that are none`,
  });
}

/**
 * Collects the signatures of a config update and wraps it for broadcast.
 * @param signers the first also sends
 */
export function configUpdateEnvelope(
  channel: string,
  update: Uint8Array,
  signers: readonly [Signer, ...Signer[]],
  given: ConfigUpdate['signatures'] = [],
): Uint8Array {
  const header = (signer: Signer) => plainHeader(common.HeaderType.CONFIG_UPDATE, channel, signer);
  const signatures = signers.map((signer) => {
    const signatureHeader = header(signer).signature_header ?? new Uint8Array();
    return {
      signature_header: signatureHeader,
      signature: signer.sign(Buffer.concat([signatureHeader, update])),
    };
  });
  const data = common.ConfigUpdateEnvelope.encode({
    config_update: update,
    signatures: [...given, ...signatures],
  }).finish();
  const [sender] = signers;
  return signedEnvelope(header(sender), data, sender);
}

export interface BroadcastConfigOptions {
  readonly connections: Transport;
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
  const { connections: transport, orderers, channel } = options;
  let turn = 0;
  let unanswered = false;
  await until({
    subject: `config update of channel ${channel}`,
    expected: 'SUCCESS from an orderer',
    budgetMs: options.budgetMs,
    attempt: async (left) => {
      if (unanswered && (await options.ordered?.(left))) return;
      const target = orderers.slice(turn % orderers.length).slice(0, 1);
      turn += 1;
      const asked = { transport, orderers: target, timeoutMs: Math.min(left, patient(ATTEMPT_MS)) };
      const { handover, records } = await offer(asked, options.envelope());
      if (handover === 'taken') return;
      const [record] = records;
      if (unanswered && OUTDATED.test(record?.text ?? '')) return;
      unanswered ||= handover === 'maybe';
      throw new AnswerError(channel, record);
    },
    retry: (error) => error instanceof AnswerError && error.means !== 'refused',
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
  const deadline = performance.now() + Math.min(leftMs, patient(ORDERED_MS));
  while (performance.now() < deadline) {
    if (await anyServes(connections, orderers, sender, channel)) return true;
    await pause(LOOK_MS);
  }
  return false;
}

interface Asked {
  readonly connections: Transport;
  readonly orderers: readonly Endpoint[];
  readonly sender: Signer;
  readonly channel: string;
}

class AnswerError extends FabricError {
  readonly means: BroadcastRecord['means'] | undefined;

  constructor(channel: string, record: BroadcastRecord | undefined) {
    const { orderer = 'no orderer', answer, text = 'none' } = record ?? {};
    super({
      subject: `config update of channel ${channel} at ${orderer}`,
      expected: 'SUCCESS',
      seen: answer === undefined ? text : `${answer.status}: ${answer.info}`,
      look: `log of ${orderer}`,
    });
    this.means = record?.means;
  }
}

async function anyServes(
  connections: Transport,
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
