import { createPrivateKey, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { offer } from '../../../fabric-client/broadcast.ts';
import { configUpdateEnvelope } from '../../../fabric-client/channels.ts';
import { Connections } from '../../../fabric-client/connections.ts';
import { fetchConfigBlock, newestBlock } from '../../../fabric-client/fetch.ts';
import { defineChaincode } from '../../../fabric-client/lifecycle.ts';
import { common } from '../../../fabric-client/protos.ts';
import { revocationUpdate } from '../../../fabric-client/revocation-update.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { streamBlocks } from '../../../fabric-client/stream.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from '../../../fabric-client/types.ts';
import { introduce } from '../../audit/testing/identities.ts';
import { outOf } from '../../audit/testing/paper-channel.ts';
import { messageOf } from '../../base/errors.ts';
import { delimited } from '../../base/files.ts';
import { waitFor } from '../../base/wait.ts';
import { signingIdentity } from '../../fabric/endpoints.ts';
import { createAuthority, revocationList } from '../../fabric/identities/certificates.ts';
import { codeName } from '../../fabric/ledger/codes.ts';
import { decodeBlock } from '../../fabric/ledger/decoder.ts';
import { cryptogenNetwork, ownNetwork } from './networks.ts';
import { type Made, type Places, Transactions, VAULT } from './transactions.ts';

/**
 * Records blocks of a real network with every validation code that can be provoked from outside, on a channel of their
 * own:
 *
 *     node harness/cli/run.js harness/cli/golden/record.ts [--folder harness/audit/testing/golden]
 *
 * or, on one that others have started on this machine, which has the bank on a channel:
 *
 *     … record.ts --organizations FOLDER --profile FILE --channel NAME --version 1 --package-id ID
 *
 * All keys are at hand there: transactions are made here and signed by peers that never saw them, so that no chaincode
 * need go wrong for it. What peers make of them is theirs alone. The audit's tests derive every code again.
 */
const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: 'harness/audit/testing/golden' },
    organizations: { type: 'string' },
    profile: { type: 'string', default: '' },
    channel: { type: 'string', default: `golden-${randomBytes(2).toString('hex')}` },
    version: { type: 'string', default: '1.0' },
    'package-id': { type: 'string', default: '' },
  },
});
const BUDGET_MS = 20_000;

const network =
  values.organizations === undefined
    ? await ownNetwork()
    : cryptogenNetwork(values.organizations, values.profile, {
        ...{ version: values.version, packageId: values['package-id'] },
      });
const { orderers, organisations, owned } = network;
const { channel } = values;
const connections = new Connections();

/** Has somebody sign as in paper networks. */
const known = (name: string, { mspId, certificatePem, privateKeyPem }: SigningIdentity) =>
  introduce(name, {
    mspid: mspId,
    certificate: Buffer.from(certificatePem),
    key: createPrivateKey(privateKeyPem),
  });
for (const [index, { user, peers }] of owned.entries()) {
  known(`User1@org${index + 1}`, user);
  for (const [peer, identity] of peers) known(peer, identity);
}

const [first, ...others] = organisations;
const [peer] = first?.peers ?? [];
const orderer = orderers[1] ?? orderers[0];
if (!first || !peer || !orderer) throw new Error('expected an orderer and a peer, seen less');
const identity = first.admin;
const admin = createSigner(identity);

async function heightOf(): Promise<number> {
  const options = { kind: 'peer', channel, timeoutMs: 10_000 } as const;
  return (await newestBlock(connections, peer as PeerEndpoint, admin, options)) + 1;
}

/** All blocks that a node has up to a height. */
const blocksOf = (kind: 'peer' | 'orderer', endpoint: Endpoint, height: number) =>
  streamBlocks({ connections, endpoint, identity, channel, kind, from: 0, to: height - 1 });

/** All transactions that a peer has by now. */
async function places(): Promise<Places> {
  const height = await heightOf();
  const found = new Map<string, { block: number; transaction: number; code: number }>();
  for await (const raw of blocksOf('peer', peer as PeerEndpoint, height)) {
    const { number, transactions } = decodeBlock(raw);
    for (const { id, index, code } of transactions) {
      if (!found.has(id)) found.set(id, { block: number, transaction: index, code });
    }
  }
  return found;
}

/** Hands transactions over, and waits until each is in a block before the next: who is alone in it is known by its block. */
async function order(made: readonly Made[]): Promise<Places> {
  const asked = { transport: connections, orderers: [orderer as Endpoint], timeoutMs: 10_000 };
  for (const { name, envelope } of made) {
    const before = await heightOf();
    const { handover, records } = await offer(asked, envelope);
    if (handover === 'taken') await higherThan(before, name);
    else console.error(`  ${name}: ${handover}: ${records.at(-1)?.text}`);
  }
  const all = await places();
  for (const { name, id } of made) {
    const at = all.get(id);
    console.error(
      `  ${name}: ${at ? `${codeName(at.code)} in block ${at.block}` : 'not in a block'}`,
    );
  }
  return all;
}

async function higherThan(before: number, subject: string): Promise<void> {
  const expected = `a block behind ${before - 1}`;
  await waitFor({ subject, expected, budgetMs: BUDGET_MS, intervalMs: 50 }, async () => {
    if ((await heightOf()) <= before) throw new Error('none');
    return true;
  });
}

const configuration = () =>
  fetchConfigBlock(connections, [orderer as Endpoint], admin, { kind: 'orderer', channel });

/** Has the channel take a change of its configuration. */
async function configure(update: Uint8Array, signers: Parameters<typeof configUpdateEnvelope>[2]) {
  const before = await heightOf();
  const asked = {
    transport: connections,
    orderers: [orderer as Endpoint],
    timeoutMs: 10_000,
  };
  const { handover, records } = await offer(asked, configUpdateEnvelope(channel, update, signers));
  if (handover !== 'taken') throw new Error(`configuration: ${records.at(-1)?.text}`);
  await higherThan(before, 'configuration');
}

/** Lets everybody write: orderers then look at no signature, and peers still do. */
function openToAll(block: Uint8Array): Uint8Array {
  const [envelope] = common.Block.decode(block).data?.data ?? [];
  const { data } = common.Payload.decode(
    common.Envelope.decode(envelope ?? Buffer.alloc(0)).payload,
  );
  const root = common.ConfigEnvelope.decode(data).config?.channel_group;
  const version = root?.version ?? 0;
  const { version: current, mod_policy } = root?.policies?.Writers ?? {};
  return common.ConfigUpdate.encode({
    channel_id: channel,
    read_set: { version },
    write_set: {
      version,
      policies: {
        Writers: {
          version: Number(current ?? 0) + 1,
          mod_policy: mod_policy ?? 'Admins',
          policy: { type: common.Policy.PolicyType.SIGNATURE, value: outOf(0) },
        },
      },
    },
  }).finish();
}

/** A step that fails is told, and what was recorded until then is worth keeping. */
async function step(name: string, work: () => Promise<void>): Promise<void> {
  console.error(name);
  await work().catch((error) => {
    console.error(`  ${messageOf(error)}`);
    process.exitCode = 1;
  });
}

await network.prepare(channel);
await step('a chaincode with collections', async () => {
  const options = { connections, channel, orderers };
  await defineChaincode(options, organisations, VAULT, network.packageId);
});
const make = new Transactions(channel, { bank: network.version });
await step('what depends on nothing, and on that', async () => {
  const made = make.first();
  await order(make.second(made, await order(made)));
});
await step('creators that orderers would refuse', async () => {
  const everybody = [
    admin,
    ...others.map(({ admin: other }) => createSigner(other)),
    createSigner(network.ordererAdmin),
  ] as const;
  await configure(openToAll(await configuration()), everybody);
  const nowhere = await createAuthority('ca.nowhere', 'nowhere', Date.now());
  const request = { commonName: 'somebody', organisation: 'nowhere', role: 'client' } as const;
  const strangers = {
    'a stranger': 'Org1MSP',
    'a member of an organisation that there is not': 'NowhereMSP',
  };
  for (const [name, mspId] of Object.entries(strangers)) {
    known(name, signingIdentity({ mspId }, await nowhere.issue(request)));
  }
  await order(make.badCreators(Object.keys(strangers)));
});
await step('those that were revoked', async () => {
  const [own] = owned;
  const second = own?.peers.get('peer1.org1');
  if (!own || !second) throw new Error('expected a second peer of the first organisation');
  const revoked = [own.user.certificatePem, second.certificatePem];
  const list = await revocationList(own.ca, revoked);
  const update = revocationUpdate(await configuration(), channel, own.user.mspId, list);
  if (update) await configure(update, [admin]);
  await order(make.revoked());
});

const height = await heightOf();
for (const [kind, endpoint, name] of [
  ['peer', peer, 'peer0.org1'],
  ['orderer', orderer, 'orderer1'],
] as const) {
  const blocks: Buffer[] = [];
  for await (const raw of blocksOf(kind, endpoint, height)) blocks.push(delimited(raw));
  const file = path.join(values.folder, `codes-2.5.9.${name}.blocks.gz`);
  writeFileSync(file, gzipSync(Buffer.concat(blocks), { level: 9 }));
  console.error(`${file}: ${blocks.length} blocks`);
}
connections.close();
