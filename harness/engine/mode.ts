import { randomBytes } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';
import { CACHE_LABEL } from './labels.ts';

/** How nested engines are started: fully privileged, or with the set of capabilities that the outer engine has. */
export type NodeMode = 'privileged' | 'caps';

const PROBE_REPOSITORY = 'fabric-swarm-harness/probe';
/** Seconds after which no probe is under way any more: its image was left by a process that was killed. */
const STALE_SECONDS = 600;

/**
 * Finds out whether the engine can start a privileged container, without needing any image: a container of an empty
 * image with a command that doesn't exist. runc applies capabilities before it looks the command up
 * (`standard_init_linux.go`), so the error tells how far it came. Container and image are gone when this returns, and
 * so are images that a killed probe has left.
 *
 * @throws the engine's error if it is about anything but the container
 */
export async function probeNodeMode(docker: Docker): Promise<NodeMode> {
  // A name of its own: another process may be probing, and must not lose its image to this one.
  const tag = randomBytes(6).toString('hex');
  try {
    await importEmptyImage(docker, tag);
    return await tryPrivileged(docker, `${PROBE_REPOSITORY}:${tag}`);
  } finally {
    await removeImage(docker, `${PROBE_REPOSITORY}:${tag}`);
    await removeStale(docker);
  }
}

async function tryPrivileged(docker: Docker, image: string): Promise<NodeMode> {
  let container: Docker.Container;
  try {
    container = await docker.createContainer({
      Image: image,
      Cmd: ['/none'],
      Labels: { [CACHE_LABEL]: 'true' },
      // Whoever is killed between start and removal leaves nothing: the start fails, and the engine removes it then.
      HostConfig: { Privileged: true, NetworkMode: 'none', AutoRemove: true },
    });
  } catch (error) {
    // A policy (an authorisation plugin, user namespaces) refuses the request; runc is not even asked.
    if (/privileged|denied|forbidden|not permitted/i.test(String(error))) return 'caps';
    throw error;
  }
  try {
    await container.start();
    return 'privileged';
  } catch (error) {
    if (statusOf(error) === undefined) throw error; // no answer of the engine
    return /no such file|not found/i.test(String(error)) ? 'privileged' : 'caps';
  } finally {
    await removeContainer(container);
  }
}

async function removeContainer(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true });
  } catch (error) {
    const status = statusOf(error);
    if (status !== 404 && status !== 409) throw error;
    // The engine is removing it; an image cannot go before its container.
    if (status === 409) await container.wait({ condition: 'removed' }).catch(ignoreMissing);
  }
}

async function importEmptyImage(docker: Docker, tag: string): Promise<void> {
  const tar = pack();
  tar.finalize();
  // The type declares only the callback's stream; the promise form is documented by dockerode.
  const stream = (await docker.importImage(tar as unknown as string, {
    repo: PROBE_REPOSITORY,
    tag,
    changes: `LABEL ${CACHE_LABEL}=true`,
  })) as unknown as NodeJS.ReadableStream;
  await finished(stream.resume());
}

async function removeImage(docker: Docker, name: string): Promise<void> {
  await docker.getImage(name).remove({ force: true }).catch(ignoreMissing);
}

/** Removes images of probes that were killed; those that lost their name have no content and carry our label. */
async function removeStale(docker: Docker): Promise<void> {
  const ours = await docker.listImages({ filters: { label: [`${CACHE_LABEL}=true`] } });
  const before = Date.now() / 1000 - STALE_SECONDS;
  for (const { Id, RepoTags, Size, Created } of ours) {
    const tags = (RepoTags ?? []).filter((name) => name !== '<none>:<none>');
    const probe = tags.some((name) => name.startsWith(`${PROBE_REPOSITORY}:`));
    const nameless = tags.length === 0 && Size === 0;
    if ((probe || nameless) && Created < before) await removeImage(docker, tags[0] ?? Id);
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

function ignoreMissing(error: unknown): void {
  // 404: gone, 409: another process removes it, or uses it
  if (![404, 409].includes(statusOf(error) ?? 0)) throw error;
}
