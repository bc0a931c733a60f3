import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { loadSettings } from '../../base/settings.ts';
import { preflight } from './preflight.ts';

/** More than any disk has. */
const TOO_MUCH = 1_000_000;

describe('before anything is started, with an engine of the user that answers', () => {
  let folder: string;
  let engine: Server;
  const { DOCKER_HOST: before } = process.env;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'preflight-'));
    const socket = path.join(folder, 'docker.sock');
    engine = createServer(({ url }, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(url === '/_ping' ? '"OK"' : JSON.stringify({ DockerRootDir: folder }));
    });
    engine.listen(socket);
    await once(engine, 'listening');
    process.env.DOCKER_HOST = `unix://${socket}`;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    engine.closeAllConnections();
    engine.close();
    rmSync(folder, { recursive: true });
  });

  /** With a minimum that the setting itself would not take, so that no real disk decides. */
  const settings = (minFreeDiskGb: number) => ({
    ...loadSettings(
      { HARNESS_STATE_DIR: '/state', HARNESS_CACHE_DIR: path.join(folder, 'cache') },
      folder,
    ),
    minFreeDiskGb,
  });

  it('its data root must have space, not where a private engine would keep its data', async () => {
    const refused = await preflight(settings(TOO_MUCH)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    const { problems, exitCode } = refused as UsageError;
    expect(exitCode).toBe(2);
    expect(problems).toEqual([
      expect.stringContaining(`free at ${folder} (HARNESS_MIN_FREE_DISK_GB)`),
      expect.stringContaining(`free at ${folder}/cache (HARNESS_MIN_FREE_DISK_GB)`),
    ]);
  });

  it('what has space goes on', async () => {
    await expect(preflight(settings(0))).resolves.toMatchObject({ name: 'article' });
  });
});
