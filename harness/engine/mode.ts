import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { CACHE_LABEL } from './labels.ts';

/** How nested engines are started: fully privileged, or with the set of capabilities that the outer engine has. */
export type NodeMode = 'privileged' | 'caps';

const PROBE_IMAGE = 'fabric-swarm-harness/probe:empty';

/**
 * Finds out whether the engine can start a privileged container, without needing any image: a container of an empty
 * image with a command that doesn't exist. runc applies capabilities before it looks the command up
 * (`standard_init_linux.go`), so the error tells how far it came.
 */
export async function probeNodeMode(docker: Docker): Promise<NodeMode> {
  await importEmptyImage(docker);
  const container = await docker.createContainer({
    Image: PROBE_IMAGE,
    Cmd: ['/none'],
    Labels: { [CACHE_LABEL]: 'true' },
    // Whoever is killed between start and removal leaves nothing: the start fails, and the engine removes it then.
    HostConfig: { Privileged: true, NetworkMode: 'none', AutoRemove: true },
  });
  try {
    await container.start();
    return 'privileged';
  } catch (error) {
    return /no such file|not found/i.test(String(error)) ? 'privileged' : 'caps';
  } finally {
    await container.remove({ force: true }).catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
    });
  }
}

async function importEmptyImage(docker: Docker): Promise<void> {
  const tar = pack();
  tar.finalize();
  // The type declares only the callback's stream; the promise form is documented by dockerode.
  const stream = (await docker.importImage(tar as unknown as string, {
    repo: 'fabric-swarm-harness/probe',
    tag: 'empty',
    changes: `LABEL ${CACHE_LABEL}=true`,
  })) as unknown as NodeJS.ReadableStream;
  await finished(stream.resume());
}
