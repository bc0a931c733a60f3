import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadTopology } from '../topology/load.ts';
import { createIdentities, type Identities } from './identities/identities.ts';
import {
  channelInfo,
  joinOrderer,
  type OrdererAdmin,
  ordererAdmins,
  removeOrderer,
} from './participation.ts';

const topology = loadTopology('fixtures/network/raft.yaml');
const addresses = { 1: '127.0.0.1', 2: '127.0.0.1', 3: '127.0.0.1' };
const block = Buffer.from([0, 13, 10, 45, 45, 255]);

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: Buffer;
}

let identities: Identities;
let server: Server;
let admin: OrdererAdmin;
let answer: { status: number; text: string };
const seen: Seen[] = [];

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

beforeAll(async () => {
  identities = await createIdentities(topology, addresses);
  const { tls } = identities.orderer.nodes.orderer1 as (typeof identities.orderer.nodes)[string];
  const ca = identities.orderer.tlsCa.certificate;
  // As an orderer's admin listener: nobody is served without a certificate of the orderers' TLS root.
  server = createServer(
    { cert: tls.certificate, key: tls.privateKey, ca, requestCert: true, rejectUnauthorized: true },
    async (request, response) => {
      const { method, url, headers } = request;
      seen.push({ method, url, type: headers['content-type'], body: await bodyOf(request) });
      response.writeHead(answer.status).end(answer.text);
    },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const [, second] = ordererAdmins(topology, identities, addresses);
  admin = { ...(second as OrdererAdmin), port: (server.address() as AddressInfo).port };
}, 60_000);
afterAll(() => {
  server.close();
});
beforeEach(() => {
  seen.length = 0;
});

it('finds the admin port of each orderer', () => {
  expect(
    ordererAdmins(topology, identities, addresses).map(({ name, port }) => [name, port]),
  ).toEqual([
    ['orderer0', 7150],
    ['orderer1', 7150],
    ['orderer2', 7150],
  ]);
  const article = loadTopology('fixtures/network/article.yaml');
  expect(() => ordererAdmins(article, identities, addresses)).toThrow('expected an admin port');
});

it('joins an orderer by sending the block as it is, in a form', async () => {
  answer = { status: 201, text: '{}' };
  await joinOrderer(admin, 'mychannel', block, 10_000);
  const [{ method, url, type, body }] = seen as [Seen];
  expect([method, url]).toEqual(['POST', '/participation/v1/channels']);
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': type ?? '' },
  }).formData();
  const sent = form.get('config-block') as File;
  expect(Buffer.from(await sent.arrayBuffer())).toEqual(block);
});

it('takes a channel that the orderer is in for joined, and no other refusal', async () => {
  answer = { status: 405, text: '{"error":"cannot join: channel already exists"}' };
  await expect(joinOrderer(admin, 'mychannel', block, 10_000)).resolves.toBeUndefined();
  answer = { status: 400, text: '{"error":"invalid join block"}' };
  await expect(joinOrderer(admin, 'mychannel', block, 10_000)).rejects.toThrow(
    'orderer1 joining channel mychannel: expected 201 from its participation API, seen 400: {"error":"invalid join block"}',
  );
  expect(seen).toHaveLength(2);
});

it('removes a channel, also one that has gone', async () => {
  answer = { status: 204, text: '' };
  await removeOrderer(admin, 'mychannel');
  expect(seen[0]).toMatchObject({ method: 'DELETE', url: '/participation/v1/channels/mychannel' });
  answer = { status: 404, text: '' };
  await expect(removeOrderer(admin, 'mychannel')).resolves.toBeUndefined();
  answer = { status: 409, text: 'busy' };
  await expect(removeOrderer(admin, 'mychannel')).rejects.toThrow('expected 204, seen 409: busy');
});

it('tells what an orderer says of a channel', async () => {
  const info = { name: 'mychannel', consensusRelation: 'consenter', status: 'active', height: 7 };
  answer = { status: 200, text: JSON.stringify(info) };
  expect(await channelInfo(admin, 'mychannel')).toEqual(info);
  answer = { status: 404, text: 'no such channel' };
  await expect(channelInfo(admin, 'mychannel')).rejects.toThrow('seen 404: no such channel');
});

it('is told apart from a stranger by the certificate', async () => {
  const stranger = identities.organisations.Org1?.nodes['peer0.org1']?.tls;
  const tls = { ...admin.tls, cert: stranger?.certificate ?? '', key: stranger?.privateKey ?? '' };
  await expect(channelInfo({ ...admin, tls }, 'mychannel')).rejects.toThrow(/^orderer1 at 127/);
  expect(seen).toEqual([]);
});
