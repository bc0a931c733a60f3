import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { waitFor } from '../base/wait.ts';
import type { NodeMode } from '../engine/mode.ts';
import { nestedHostConfig } from '../engine/nested.ts';
import { innerEngine } from './tunnel.ts';

const START_MS = 120_000;

export interface StoredImages {
  readonly docker: Docker;
  /** Tag of the machines' image. */
  readonly node: string;
  readonly mode: NodeMode;
  readonly goldenVolume: string;
  /** By which a reaper finds the container. */
  readonly labels: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Lends an engine that holds the images of a golden volume, for a network whose machines were started on another one.
 * It ends when its standard input does, and so with this process.
 */
export async function withStoredImages<T>(
  { docker, node, mode, goldenVolume, labels, signal }: StoredImages,
  use: (engine: Docker) => Promise<T>,
): Promise<T> {
  const container = await docker.createContainer({
    Image: node,
    Labels: { ...labels },
    Env: ['HARNESS_STOP_ON_EOF=1'],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    HostConfig: {
      ...nestedHostConfig(mode),
      AutoRemove: true,
      Binds: [`${goldenVolume}:/golden:ro`],
    },
  });
  const leash = (await container.attach({ stream: true, stdin: true, hijack: true })) as Duplex;
  leash.on('error', () => {}); // it breaks when the container is removed
  try {
    await container.start();
    const engine = innerEngine(container);
    await waitFor(
      {
        subject: `an engine on ${goldenVolume}`,
        expected: 'an answer',
        budgetMs: START_MS,
        lookAt: `docker logs ${container.id.slice(0, 12)}`,
        signal,
      },
      async () => ((await engine.version()) ? true : undefined),
    );
    return await use(engine);
  } finally {
    leash.destroy();
    await container.remove({ force: true, v: true }).catch(() => undefined);
  }
}
