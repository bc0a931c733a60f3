import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import { connectEngine } from './engine.ts';

const SETTINGS = { engine: 'existing', stateDir: '/none' } as const;
const BUDGETS = { answerMs: 50, startMs: 400 };

describe('an engine behind a socket that systemd holds', () => {
  let folder: string;
  let server: Server | undefined;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'engine-'));
  });
  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    rmSync(folder, { recursive: true });
  });

  const serve = async (listener: RequestListener) => {
    const socket = path.join(folder, 'd.sock');
    const listening = createServer(listener);
    server = listening;
    await new Promise<void>((resolve) => listening.listen(socket, resolve));
    return { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: folder };
  };

  it('is waited for when its start takes longer than a ping may', async () => {
    let asked = 0;
    const env = await serve((_, response) => {
      asked += 1;
      if (asked > 2) response.end('OK');
    });
    const said: string[] = [];
    const engine = await connectEngine(SETTINGS, env, (line) => said.push(line), BUDGETS);
    expect(engine).toMatchObject({ host: env.DOCKER_HOST, kind: 'existing' });
    expect(said).toEqual(['a Docker engine is starting here: waiting until it answers']);
  });

  it('gets no second one beside it when it never answers', async () => {
    const env = await serve(() => undefined);
    const connecting = connectEngine({ ...SETTINGS, engine: 'auto' }, env, () => {}, BUDGETS);
    const error = await connecting.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).problems.join(' ')).toMatch(
      /has a socket here but does not answer/,
    );
  });
});
