import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RestClient, show } from './rest-client.ts';

let server: Server;
let client: RestClient;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new RestClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('RestClient', () => {
  it('sends token, body and query, and reads JSON of any media type with its delay', async () => {
    const seen: unknown[] = [];
    answer = (request, response) => {
      const { method, url, headers } = request;
      seen.push(method, url, headers.authorization, headers['content-type'], headers.accept);
      request.resume();
      response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '2' });
      response.end('{"missing":["mongodb"]}');
    };
    const query = { peer: 'peer0.org1' };
    const got = await client.call('POST', '/x', { token: 't', body: { a: 1 }, query, json: true });
    expect(seen).toEqual([
      'POST',
      '/x?peer=peer0.org1',
      'Bearer t',
      'application/json',
      'application/json',
    ]);
    expect(got).toMatchObject({ status: 503, json: { missing: ['mongodb'] }, retryAfter: 2 });
  });

  it('reads text, which has no delay and no fields', async () => {
    answer = (_, response) => response.end('a now has 90 after the move');
    expect(await client.get('/q')).toMatchObject({
      status: 200,
      text: 'a now has 90 after the move',
      json: {},
      retryAfter: null,
    });
  });

  it('says what was asked and for how long when there is no answer', async () => {
    answer = () => undefined;
    await expect(client.call('GET', '/hangs', { budgetMs: 30 })).rejects.toThrow(
      /^GET \/hangs: expected an answer within 30 ms, seen .* after \d+ ms$/,
    );
  });

  it('throws when a registration is refused, without what is secret', async () => {
    answer = (_, response) => {
      response.writeHead(409, { 'content-type': 'application/problem+json' });
      response.end('{"detail":"taken","token":"secret-one"}');
    };
    await expect(client.register({ username: 'Jim' }, 'token')).rejects.toThrow(
      'POST /users: expected 200, seen 409 {"detail":"taken","token":"…"}',
    );
  });

  it('shortens long answers', () => {
    expect(show({ status: 200, text: 'x'.repeat(500) })).toBe(`200 ${'x'.repeat(200)}…`);
  });
});
