import 'reflect-metadata'; // x509's injector needs it
import { X509Crl } from '@peculiar/x509';
import { broadcast } from '../../../fabric-client/broadcast.ts';
import { describe } from '../../../fabric-client/errors.ts';
import { channelGroup, fetchConfigBlock } from '../../../fabric-client/fetch.ts';
import { assembleTransaction, createProposal } from '../../../fabric-client/proposal.ts';
import { propose } from '../../../fabric-client/proposing.ts';
import { type FabricProtos, msp } from '../../../fabric-client/protos.ts';
import { RefusedError } from '../../../fabric-client/refusals.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { waitFor } from '../../base/wait.ts';
import { enrolUsers } from '../../fabric/identities/enrol.ts';
import { deploymentOf } from '../../network/deployment.ts';
import type { Session } from '../session.ts';

const ASK_MS = 10_000;

/** What a network's nodes say to the signature of one user, without the REST API. */
export interface OwnUser {
  /** Of its certificate at the CA. */
  readonly name: string;
  /** By name: `served`, or the reason for which the peer refused a query. */
  askPeers(): Promise<Map<string, string>>;
  /** {@link askPeers} until each says so. @returns what they said last, when they did or the budget, in ms, was used up */
  untilPeersSay(word: string, budgetMs: number): Promise<Map<string, string>>;
  /** By name: status of each orderer's answer to a transaction that was endorsed at the beginning; can be asked twice. */
  askOrderers(): Promise<Map<string, string>>;
}

/**
 * A user with a key in the harness's hands, enrolled at an organisation's CA, with transactions of the bank endorsed
 * already.
 *
 * @param args of the bank's `transfer`, for each orderer
 * @throws Error when the CA or an endorser refuses
 */
export async function ownUser(
  { network, connections, endpoints }: Session,
  organisation: string,
  name: string,
  channel: string,
  args: readonly string[],
): Promise<OwnUser> {
  const deployment = deploymentOf(network, 'a user of a CA');
  const [identity] = await enrolUsers(deployment, [{ name, organisation }]);
  if (!identity) throw new Error(`user ${name}: expected an identity, seen none`);
  const signer = createSigner(identity);
  const call = { channel, chaincode: 'bank', args: ['transfer', ...args] };
  const endorsers = endpoints.organisations.map(({ peers: [first] }) => first);
  const envelopes = await Promise.all(
    [...endpoints.orderers, ...endpoints.orderers].map(async () => {
      const proposal = createProposal(call, signer);
      const responses = await Promise.all(
        endorsers.flatMap((peer) => (peer ? [propose(connections, peer, proposal, ASK_MS)] : [])),
      );
      return assembleTransaction(proposal, responses, signer);
    }),
  );
  const each = async <T extends { readonly name: string }>(
    nodes: readonly T[],
    ask: (node: T, at: number) => Promise<string>,
  ) =>
    new Map(
      await Promise.all(nodes.map(async (node, at) => [node.name, await ask(node, at)] as const)),
    );
  let asked = 0;
  const askPeers = () =>
    each(endpoints.peers, async (peer) => {
      const query = createProposal(
        { channel, chaincode: 'bank', args: ['balance', args[0] ?? ''] },
        signer,
      );
      try {
        await propose(connections, peer, query, ASK_MS);
        return 'served';
      } catch (error) {
        return error instanceof RefusedError ? error.refusal.reason : describe(error);
      }
    });
  return {
    name,
    askPeers,
    async untilPeersSay(word, budgetMs) {
      let said = new Map<string, string>();
      const wait = { subject: name, expected: word, budgetMs, intervalMs: 250 };
      await waitFor(wait, async () => {
        said = await askPeers();
        return [...said.values()].every((each) => each === word) ? true : undefined;
      }).catch(() => undefined);
      return said;
    },
    askOrderers: () =>
      each(endpoints.orderers, async (orderer) => {
        const envelope = envelopes[asked++];
        if (!envelope) throw new Error(`${name}: expected to be asked twice at most`);
        return (await broadcast(connections, orderer, envelope, ASK_MS)).status;
      }),
  };
}

/**
 * Serial numbers, lower-case hexadecimal, on the revocation lists that a channel's configuration has of an organisation.
 *
 * @throws Error when no orderer gives the configuration
 */
export async function revokedInChannel(
  { connections, endpoints }: Pick<Session, 'connections' | 'endpoints'>,
  channel: string,
  mspId: string,
): Promise<Set<string>> {
  const { orderers } = endpoints;
  const admin = endpoints.organisations.find((each) => each.mspId === mspId)?.admin;
  if (!admin) throw new Error(`${mspId}: expected an admin, seen none`);
  const tip = { kind: 'orderer', channel } as const;
  const block = await fetchConfigBlock(connections, orderers, createSigner(admin), tip);
  const groups = channelGroup(block)?.groups?.Application?.groups ?? {};
  const lists = Object.values(groups).flatMap((group) => listsOf(group, mspId));
  return new Set(
    lists.flatMap((pem) =>
      new X509Crl(pem).entries.map(({ serialNumber }) =>
        serialNumber.toLowerCase().replace(/^0+/, ''),
      ),
    ),
  );
}

function listsOf({ values }: FabricProtos.common.IConfigGroup, mspId: string): string[] {
  const value = values?.MSP?.value;
  if (!value) return [];
  const config = msp.FabricMSPConfig.decode(msp.MSPConfig.decode(value).config);
  return config.name === mspId
    ? config.revocation_list.map((list) => Buffer.from(list).toString())
    : [];
}
