import path from 'node:path';
import type Docker from 'dockerode';
import { waitFor } from '../../../base/wait.ts';
import { clientFor, pingFailure } from '../../../engine/endpoint.ts';
import { probeNodeMode } from '../../../engine/mode.ts';
import { nestedHostConfig } from '../../../engine/nested.ts';
import { follow, saveImages } from '../../../images/engine-images.ts';
import { outerImages } from '../../../images/manifest.ts';
import { temporaryFolder } from './command.ts';
import { testEngine } from './engine.ts';

/** An engine of the test's own, for commands that reach everything on an engine. */
export interface Sandbox extends AsyncDisposable {
  readonly docker: Docker;
  /** As DOCKER_HOST has it. */
  readonly host: string;
  /** An image in it with a shell. */
  readonly image: string;
}

/** Starts an engine in a container of the machines' image, and puts the base image into it. */
export async function startSandbox(): Promise<Sandbox> {
  const outer = await testEngine();
  const images = await outerImages(outer);
  const tagOf = (name: string) => {
    const found = images.find(({ tag }) => tag.includes(`/${name}:`));
    if (!found)
      throw new Error(`sandbox: expected the image ${name}, seen none; run harness images`);
    return found.tag;
  };
  const folder = temporaryFolder();
  const { Tmpfs: _, ...nested } = nestedHostConfig(await probeNodeMode(outer));
  const container = await outer.createContainer({
    Image: tagOf('node'),
    Volumes: { '/var/lib/docker': {} },
    HostConfig: { ...nested, Binds: [`${folder.path}:/run`] },
  });
  const dispose = async () => {
    await container.remove({ force: true, v: true });
    folder[Symbol.dispose]();
  };
  try {
    await container.start();
    const host = `unix://${path.join(folder.path, 'docker.sock')}`;
    await waitFor({ subject: 'sandbox', expected: 'an answer', budgetMs: 60_000 }, async () => {
      const failure = await pingFailure(host);
      if (failure) throw new Error(failure);
      return true;
    });
    const docker = clientFor(host);
    const image = tagOf('base');
    const loading = await docker.loadImage(await saveImages(outer, [image]));
    await follow(docker, loading, undefined, undefined);
    return { docker, host, image, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
