import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { patient } from '../base/patience.ts';
import { waitFor } from '../base/wait.ts';
import type { MachineAddresses } from '../topology/addresses.ts';
import type { Orderer, Topology } from '../topology/schema.ts';
import type { Identities } from './identities/identities.ts';

const ANSWER_MS = 5_000;
const CHANNELS = '/participation/v1/channels';

/** An orderer's admin listener, which tells and is told which channels the orderer is in. */
export interface OrdererAdmin {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** What an orderer says of a channel (`orderer/common/types.ChannelInfo`). */
export interface ChannelInfo {
  readonly name: string;
  /** `consenter`, `follower`, `config-tracker`, or `other` where Kafka orders. */
  readonly consensusRelation: string;
  /** `active`, `onboarding`, `inactive` or `failed`. */
  readonly status: string;
  readonly height: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/**
 * The admin listeners of a network's orderers. Each is talked to with the orderer's own TLS certificate.
 *
 * @throws Error when an orderer has none, or identities or addresses lack it
 */
export function ordererAdmins(
  topology: Topology,
  identities: Identities,
  addresses: MachineAddresses,
): OrdererAdmin[] {
  return topology.ordering.orderers.map((orderer) => adminOf(orderer, identities, addresses));
}

function adminOf(
  { name, machine, ports }: Orderer,
  { orderer }: Identities,
  addresses: MachineAddresses,
): OrdererAdmin {
  const identity = orderer.nodes[name];
  const host = addresses[machine];
  if (ports.admin === undefined || !identity || !host) {
    throw new Error(`${name}: expected an admin port, an identity and an address, seen less`);
  }
  const { certificate: cert, privateKey: key } = identity.tls;
  return { name, host, port: ports.admin, tls: { ca: orderer.tlsCa.certificate, cert, key } };
}

/**
 * Makes an orderer a member of a channel; one that is in it already is left as it is. Tried again while the orderer does
 * not listen yet.
 *
 * @param block the channel's genesis block, or a later configuration block for an orderer that joins late
 * @throws DeadlineError when it does not answer within the budget; Error with its answer when it refuses
 */
export async function joinOrderer(
  admin: OrdererAdmin,
  channel: string,
  block: Uint8Array,
  budgetMs: number,
): Promise<void> {
  const subject = `${admin.name} joining channel ${channel}`;
  const expected = '201 from its participation API';
  const lookAt = `harness logs ${admin.name}`;
  const { status, text } = await waitFor({ subject, expected, budgetMs, lookAt }, () =>
    ask(admin, 'POST', CHANNELS, form(block)),
  );
  // orderer/common/multichannel/registrar.go: ErrChannelAlreadyExists
  if (status === 201 || (status === 405 && text.includes('channel already exists'))) return;
  throw new Error(`${subject}: expected ${expected}, seen ${status}: ${text}; look at: ${lookAt}`);
}

/**
 * Takes an orderer out of a channel and has it remove what it kept of it.
 *
 * @throws Error when it refuses or does not answer
 */
export async function removeOrderer(admin: OrdererAdmin, channel: string): Promise<void> {
  const { status, text } = await ask(admin, 'DELETE', `${CHANNELS}/${channel}`);
  if (status === 204 || status === 404) return;
  throw new Error(
    `${admin.name} leaving channel ${channel}: expected 204, seen ${status}: ${text}`,
  );
}

/** @throws Error when the orderer does not answer, or has no such channel */
export async function channelInfo(admin: OrdererAdmin, channel: string): Promise<ChannelInfo> {
  const { status, text } = await ask(admin, 'GET', `${CHANNELS}/${channel}`);
  if (status === 200) return JSON.parse(text) as ChannelInfo;
  throw new Error(`${admin.name} on channel ${channel}: expected 200, seen ${status}: ${text}`);
}

interface Body {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** `multipart/form-data` with the one field that the API reads. */
function form(block: Uint8Array): Body {
  const boundary = randomBytes(16).toString('hex');
  const head = [
    `--${boundary}`,
    'Content-Disposition: form-data; name="config-block"; filename="config.block"',
    'Content-Type: application/octet-stream',
    '',
    '',
  ].join('\r\n');
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([Buffer.from(head), block, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

function ask(admin: OrdererAdmin, method: string, path: string, body?: Body): Promise<Answer> {
  const { name, host, port, tls } = admin;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...tls,
        host,
        port,
        path,
        method,
        servername: name,
        agent: false,
        signal: AbortSignal.timeout(patient(ANSWER_MS)),
        headers: body
          ? { 'content-type': body.type, 'content-length': body.bytes.length }
          : undefined,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString().trim(),
          }),
        );
      },
    );
    sent.on('error', (error) => reject(new Error(`${name} at ${host}:${port}: ${error.message}`)));
    sent.end(body?.bytes);
  });
}
