import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { candidateEndpoints, pingFailure } from './endpoint.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'endpoint-'));
});
const { DOCKER_HOST } = process.env;
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (DOCKER_HOST === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = DOCKER_HOST;
});

function context(name: string, host: string): void {
  const meta = path.join(folder, 'contexts/meta', createHash('sha256').update(name).digest('hex'));
  mkdirSync(meta, { recursive: true });
  writeFileSync(
    path.join(meta, 'meta.json'),
    JSON.stringify({ Endpoints: { docker: { Host: host } } }),
  );
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ currentContext: name }));
}

describe('candidateEndpoints', () => {
  it('are DOCKER_HOST, the current context and the default socket, in this order', () => {
    context('lab', 'tcp://lab:2375');
    const found = candidateEndpoints({ DOCKER_HOST: 'unix:///x.sock', DOCKER_CONFIG: folder });
    expect(found.map(({ host }) => host)).toEqual([
      'unix:///x.sock',
      'tcp://lab:2375',
      'unix:///var/run/docker.sock',
    ]);
  });

  it('leave out what is not there, twice, or cannot be read', () => {
    writeFileSync(path.join(folder, 'config.json'), '{ broken');
    const env = { DOCKER_HOST: 'unix:///var/run/docker.sock', DOCKER_CONFIG: folder };
    expect(candidateEndpoints(env)).toEqual([
      { host: 'unix:///var/run/docker.sock', source: 'DOCKER_HOST' },
    ]);
  });
});

describe('pingFailure', () => {
  it('says nothing about an engine that answers', async () => {
    const socket = path.join(folder, 'd.sock');
    const server = createServer((_, response) => response.end('OK'));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    expect(await pingFailure(`unix://${socket}`)).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
  });

  it('asks at a socket although the environment names another engine', async () => {
    const socket = path.join(folder, 'd.sock');
    const server = createServer((_, response) => response.end('OK'));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    process.env.DOCKER_HOST = 'tcp://127.0.0.1:1';
    expect(await pingFailure(`unix://${socket}`)).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
  });

  it('says why there is no answer', async () => {
    expect(await pingFailure(`unix://${folder}/none.sock`)).toMatch(/ENOENT/);
  });

  it('does not wait for an engine that never answers', async () => {
    const socket = path.join(folder, 'd.sock');
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    expect(await pingFailure(`unix://${socket}`, 20)).toBe('no answer within 20 ms');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
