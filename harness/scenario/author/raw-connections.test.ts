import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Listener, RawConnections, rawStatuses } from './raw-connections.ts';

let server: Server;
let listener: Listener;
beforeEach(async () => {
  server = createServer((request, response) => {
    response.statusCode = request.url === '/missing' ? 404 : 200;
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  listener = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

it('counts the answers to requests that are sent at once', async () => {
  const bytes = `${get('/')}${get('/missing')}${get('/')}`;
  expect(await rawStatuses(listener, bytes, 3, 60_000)).toEqual([200, 404, 200]);
});

it('knows which connections the server holds, and what it said before it ended one', async () => {
  using raw = await RawConnections.open(listener, 3, (n) =>
    n === 0 ? 'no HTTP\r\n\r\n' : 'GET /',
  );
  expect(await raw.untilHeld(2, 60_000)).toBe(2);
  expect(raw.answers).toEqual(['400']);
});

it('counts a connection that was refused as not held', async () => {
  server.close();
  using raw = await RawConnections.open(listener, 2, () => '');
  expect(raw.held).toBe(0);
});
