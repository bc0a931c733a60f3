import { createPrivateKey, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { offer } from '../../../fabric-client/broadcast.ts';
import { configUpdateEnvelope } from '../../../fabric-client/channels.ts';
import { Connections } from '../../../fabric-client/connections.ts';
import { fetchConfigBlock } from '../../../fabric-client/fetch.ts';
import { defineChaincode } from '../../../fabric-client/lifecycle.ts';
import { common } from '../../../fabric-client/protos.ts';
import { revocationUpdate } from '../../../fabric-client/revocation-update.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { introduce } from '../../audit/testing/identities.ts';
import { outOf } from '../../audit/testing/paper-channel.ts';
import { messageOf } from '../../base/errors.ts';
import { delimited } from '../../base/files.ts';
import { waitFor } from '../../base/wait.ts';
import { signingIdentity } from '../../fabric/endpoints.ts';
import {
  createAuthority,
  type KeyPair,
  revocationList,
} from '../../fabric/identities/certificates.ts';
import { codeName } from '../../fabric/ledger/codes.ts';
import { decodeBlock } from '../../fabric/ledger/decoder.ts';
import { runningNetwork, settingsFrom } from '../context.ts';
import { type Made, type Places, Transactions, VAULT } from './transactions.ts';

/**
 * Records blocks of a real network with every validation code that can be provoked from outside, on a channel of their
 * own:
 *
 *     node harness/cli/run.js harness/cli/golden/record.ts [--folder harness/audit/testing/golden]
 *
 * The network is one that `npm start` has started, whose keys are all at hand: transactions are made here and signed by
 * peers that never saw them, so that no chaincode need go wrong for it. What peers make of them is theirs alone. The
 * audit's tests derive every code again.
 */
const { values } = parseArgs({
  options: { folder: { type: 'string', default: 'harness/audit/testing/golden' } },
});
const SOURCES = ['peer0.org1', 'orderer1'];
const BUDGET_MS = 30_000;

const network = await runningNetwork(settingsFrom({}));
const { nodes, ledgers, deployment } = network;
const { identities, definitions, packageIds } = deployment;
const { orderers, organisations } = nodes;
const connections = new Connections();
const channel = `golden-${randomBytes(2).toString('hex')}`;

/** Has somebody sign as in paper networks. */
const known = (name: string, mspid: string, { certificate, privateKey }: KeyPair) =>
  introduce(name, {
    mspid,
    certificate: Buffer.from(certificate),
    key: createPrivateKey(privateKey),
  });
for (const [index, { name, mspId, nodes: own, user }] of Object.values(
  identities.organisations,
).entries()) {
  known(`User1@org${index + 1}`, mspId, user);
  for (const [peer, { msp }] of Object.entries(own)) known(peer, mspId, msp);
  console.error(`${name}: ${Object.keys(own).join(', ')}`);
}

const firstOrganisation = organisations[0];
if (!firstOrganisation) throw new Error('expected an organisation, seen none');
const admin = createSigner(firstOrganisation.admin);
const orderer = orderers[1] ?? orderers[0];
if (!orderer) throw new Error('expected an orderer, seen none');

/** All transactions that a peer has by now. */
async function places(): Promise<Places> {
  const height = (await ledgers.heights(channel)).get('peer0.org1') ?? 0;
  const found = new Map<string, { block: number; transaction: number; code: number }>();
  for await (const raw of ledgers.blocks('peer0.org1', channel, height - 1)) {
    const { number, transactions } = decodeBlock(raw);
    for (const { id, index, code } of transactions) {
      if (!found.has(id)) found.set(id, { block: number, transaction: index, code });
    }
  }
  return found;
}

/** Hands transactions over one after the other, and waits until the last of those that were taken is in a block. */
async function order(made: readonly Made[]): Promise<Places> {
  const before = (await ledgers.heights(channel)).get('peer0.org1') ?? 0;
  const asked = {
    transport: connections,
    orderers: [orderer as (typeof orderers)[number]],
    timeoutMs: 10_000,
  };
  let taken = 0;
  for (const { name, envelope } of made) {
    const { handover, records } = await offer(asked, envelope);
    if (handover === 'taken') taken += 1;
    else console.error(`  ${name}: ${handover}: ${records.at(-1)?.text}`);
  }
  await waitFor(
    {
      subject: channel,
      expected: `${taken} transactions since block ${before}`,
      budgetMs: BUDGET_MS,
    },
    async () => {
      let seen = 0;
      const height = (await ledgers.heights(channel)).get('peer0.org1') ?? 0;
      for await (const raw of ledgers.blocks('peer0.org1', channel, height - 1)) {
        const { number, transactions } = decodeBlock(raw);
        if (number >= before) seen += transactions.length;
      }
      if (seen < taken) throw new Error(`${seen}`);
      return true;
    },
  );
  const all = await places();
  for (const { name, id } of made) {
    const at = all.get(id);
    console.error(
      `  ${name}: ${at ? `${codeName(at.code)} in block ${at.block}` : 'not in a block'}`,
    );
  }
  return all;
}

const configuration = () =>
  fetchConfigBlock(connections, [orderer], admin, { kind: 'orderer', channel });

/** Has the channel take a change of its configuration. */
async function configure(update: Uint8Array, signers: Parameters<typeof configUpdateEnvelope>[2]) {
  const before = (await ledgers.heights(channel)).get('peer0.org1') ?? 0;
  const asked = {
    transport: connections,
    orderers: [orderer as (typeof orderers)[number]],
    timeoutMs: 10_000,
  };
  const { handover, records } = await offer(asked, configUpdateEnvelope(channel, update, signers));
  if (handover !== 'taken') throw new Error(`configuration: ${records.at(-1)?.text}`);
  await waitFor(
    { subject: channel, expected: 'a block of configuration', budgetMs: BUDGET_MS },
    async () => {
      const height = (await ledgers.heights(channel)).get('peer0.org1') ?? 0;
      if (height <= before) throw new Error(`height ${height}`);
      return true;
    },
  );
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

await ledgers.create(channel, ['bank']);
await step('a chaincode with collections', async () => {
  const options = { connections, channel, orderers };
  await defineChaincode(options, organisations, VAULT, packageIds['bank'] ?? '');
});
const make = new Transactions(channel, { bank: definitions['bank']?.version ?? '1.0' });
await step('what depends on nothing, and on that', async () => {
  const first = make.first();
  await order(make.second(first, await order(first)));
});
await step('creators that orderers would refuse', async () => {
  const everybody = [
    admin,
    ...organisations.slice(1).map(({ admin: other }) => createSigner(other)),
    createSigner(signingIdentity(identities.orderer, identities.orderer.admin)),
  ] as const;
  await configure(openToAll(await configuration()), everybody);
  const nowhere = await createAuthority('ca.nowhere', 'nowhere', Date.now());
  const request = { commonName: 'somebody', organisation: 'nowhere', role: 'client' } as const;
  const strangers = {
    'a stranger': 'Org1MSP',
    'a member of an organisation that there is not': 'NowhereMSP',
  };
  for (const [name, mspId] of Object.entries(strangers)) {
    known(name, mspId, await nowhere.issue(request));
  }
  await order(make.badCreators(Object.keys(strangers)));
});
await step('those that were revoked', async () => {
  const [own] = Object.values(identities.organisations);
  if (!own) throw new Error('expected an organisation, seen none');
  const revoked = [own.user.certificate, own.nodes['peer1.org1']?.msp.certificate ?? ''];
  const list = await revocationList(own.ca, revoked);
  const update = revocationUpdate(await configuration(), channel, own.mspId, list);
  if (update) await configure(update, [admin]);
  await order(make.revoked());
});

const height = Math.max(...[...(await ledgers.heights(channel)).values()].map((h) => h ?? 0));
for (const source of SOURCES) {
  const blocks: Buffer[] = [];
  for await (const raw of ledgers.blocks(source, channel, height - 1)) blocks.push(delimited(raw));
  const file = path.join(values.folder, `codes-2.5.9.${source}.blocks.gz`);
  writeFileSync(file, gzipSync(Buffer.concat(blocks), { level: 9 }));
  console.error(`${file}: ${blocks.length} blocks`);
}
console.log(channel);
connections.close();
ledgers.close();
