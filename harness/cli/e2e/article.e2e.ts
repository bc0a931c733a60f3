import { type AddressInfo, createServer } from 'node:net';
import { succeed } from './support/command.ts';

const NAME = 'e2e-a';
const ORGANISATIONS = ['Org1', 'Org2'] as const;
const USERS = { Org1: 'Jim', Org2: 'Barry' };

type Organisation = (typeof ORGANISATIONS)[number];

const hostsOf = (organisation: Organisation) =>
  ['peer0', 'peer1'].map((peer) => `${peer}.${organisation.toLowerCase()}.example.com`);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the requests of the article’s script, in its order', () => {
  let api: string;
  let tokens: Record<Organisation, string>;
  let transactionId = '';
  beforeAll(async () => {
    const port = await freePort();
    api = `http://localhost:${port}`;
    await succeed(['--name', NAME, 'down']);
    const env = { HARNESS_API_ARTICLE: '1', HARNESS_API_PORT: String(port) };
    const { stderr } = await succeed(['--name', NAME, 'up'], { env });
    expect(stderr).toMatch(
      /WARNING: HARNESS_API_ARTICLE.*127\.0\.0\.1 is an admin of every organisation/s,
    );
  });
  afterAll(() => succeed(['--name', NAME, 'down']));

  /** Status 200, as every answer in the article. */
  async function answer(request: Promise<Response>): Promise<string> {
    const response = await request;
    const text = await response.text();
    expect([response.status, text]).toEqual([200, expect.anything()]);
    return text;
  }

  const enter = async (organisation: Organisation) => {
    const body = new URLSearchParams({ username: USERS[organisation], orgName: organisation });
    return JSON.parse(await answer(fetch(`${api}/users`, { method: 'POST', body }))) as {
      token: string;
    };
  };
  const headersOf = (organisation: Organisation) => ({
    authorization: `Bearer ${tokens[organisation]}`,
    'content-type': 'application/json',
  });
  const post = (organisation: Organisation, path: string, body: object) =>
    answer(
      fetch(`${api}${path}`, {
        method: 'POST',
        headers: headersOf(organisation),
        body: JSON.stringify(body),
      }),
    );
  const get = (path: string) =>
    answer(
      fetch(`${api}${path}${path.includes('?') ? '&' : '?'}peer=${hostsOf('Org1')[0]}`, {
        headers: headersOf('Org1'),
      }),
    );
  const done = (message: string) => ({ success: true, message });

  // The script can be run again; only the balances tell how often it was.
  describe.each([1, 2])('run %i', (run) => {
    it('enrols a user of each organisation by name', async () => {
      const entered = [];
      for (const organisation of ORGANISATIONS) {
        const body = await enter(organisation);
        expect(body).toMatchObject({
          success: true,
          message: `${USERS[organisation]} enrolled Successfully`,
          secret: expect.any(String),
          token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        });
        entered.push([organisation, body.token]);
      }
      tokens = Object.fromEntries(entered);
    });

    it('creates the channel and joins the peers of both', async () => {
      const channel = {
        channelName: 'mychannel',
        channelConfigPath: '../artifacts/channel/mychannel.tx',
      };
      expect(JSON.parse(await post('Org1', '/channels', channel))).toEqual(
        done("Channel 'mychannel' created Successfully"),
      );
      for (const organisation of ORGANISATIONS) {
        const peers = hostsOf(organisation);
        expect(
          JSON.parse(await post(organisation, '/channels/mychannel/peers', { peers })),
        ).toEqual(
          done(
            `Successfully joined peers in organization ${organisation} to the channel:mychannel`,
          ),
        );
      }
    });

    it('installs and instantiates the chaincode', async () => {
      const chaincode = { chaincodeName: 'mycc', chaincodeType: 'node', chaincodeVersion: 'v0' };
      for (const organisation of ORGANISATIONS) {
        const install = {
          ...chaincode,
          peers: hostsOf(organisation),
          chaincodePath: '/home/me/artifacts/src/github.com/example_cc/node',
        };
        expect(JSON.parse(await post(organisation, '/chaincodes', install))).toEqual(
          done('Successfully install chaincode'),
        );
      }
      const instantiate = { ...chaincode, args: ['a', '100', 'b', '200'] };
      expect(JSON.parse(await post('Org1', '/channels/mychannel/chaincodes', instantiate))).toEqual(
        done("Successfully instantiate chaingcode in organization Org1 to the channel 'mychannel'"),
      );
    });

    it('moves ten and reads what is left', async () => {
      const at = '/channels/mychannel/chaincodes/mycc';
      const move = { peers: hostsOf('Org1'), fcn: 'move', args: ['a', 'b', '10'] };
      transactionId = await post('Org1', at, move);
      expect(transactionId).toMatch(/^[0-9a-f]{64}$/);
      expect(await get(`${at}?fcn=query&args=%5B%22a%22%5D`)).toBe(
        `a now has ${100 - 10 * run} after the move`,
      );
    });

    it('shows blocks, the transaction and the chain', async () => {
      const block = JSON.parse(await get('/channels/mychannel/blocks/1'));
      expect(block).toMatchObject({
        header: { data_hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
      expect(String(block.header.number)).toBe('1');
      const found = JSON.parse(await get(`/channels/mychannel/transactions/${transactionId}`));
      expect(found).toMatchObject({ validationCode: 0, transactionEnvelope: expect.anything() });
      const chain = JSON.parse(await get('/channels/mychannel'));
      expect(chain).toMatchObject({
        height: expect.any(Number),
        currentBlockHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    });

    it('lists chaincodes and channels', async () => {
      const named = /^name: mycc, version: v0, path: /;
      const installed = JSON.parse(await get('/chaincodes')) as string[];
      const deployed = JSON.parse(await get('/channels/mychannel/chaincodes')) as string[];
      expect(
        [installed, deployed].map((all) => all.filter((each) => named.test(each)).length),
      ).toEqual([1, 1]);
      expect(JSON.parse(await get('/channels'))).toEqual({
        channels: expect.arrayContaining([{ channel_id: 'mychannel' }]),
      });
    });
  });

  it('answers nobody who calls it by another name than loopback', async () => {
    const { stdout } = await succeed(['--name', NAME, 'status', '--json']);
    const { urls } = JSON.parse(stdout) as { urls: { api: string } };
    const response = await fetch(`${urls.api}users`, {
      method: 'POST',
      body: new URLSearchParams({ username: 'Mallory', orgName: 'Org1' }),
    });
    expect(response.status).toBe(403);
  });
});
