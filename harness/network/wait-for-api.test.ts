import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DeployedState } from './deployed.ts';
import { waitForApi } from './wait-for-api.ts';

let server: Server;
let state: DeployedState;
let answers: number[];

beforeEach(async () => {
  server = createServer((request, response) => {
    response.writeHead(request.url === '/health/ready' ? (answers.shift() ?? 200) : 404);
    response.end('{"missing":["mongodb"]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  state = {
    topology: { application: { api: { machine: 1, ports: { http: port }, replicas: [] } } },
    machines: [{ number: 1, address: '127.0.0.1' }],
  } as unknown as DeployedState;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('waitForApi', () => {
  it('waits until the API says that it is ready', async () => {
    answers = [503];
    expect(await waitForApi(state, new AbortController().signal)).toBeUndefined();
  });

  it('waits for every replica', async () => {
    const { api } = state.topology.application;
    const both = { application: { api: { ...api, replicas: [api] } } };
    answers = [200, 503];
    const waiting = waitForApi(
      { ...state, topology: both as unknown as DeployedState['topology'] },
      new AbortController().signal,
    );
    expect(await waiting).toBeUndefined();
    expect(answers).toEqual([]);
  });

  it('says what it saw when the budget is used up', async () => {
    answers = Array(100).fill(503);
    expect(await waitForApi(state, new AbortController().signal, 1)).toMatch(
      /REST API.*503 \{"missing":\["mongodb"\]\}/s,
    );
  });

  it('ends with the interrupt', async () => {
    answers = Array(100).fill(503);
    const interrupted = new DOMException('interrupted', 'AbortError');
    await expect(waitForApi(state, AbortSignal.abort(interrupted))).rejects.toBe(interrupted);
  });
});
