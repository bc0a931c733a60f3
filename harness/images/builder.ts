import { type Duplex, type Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { waitFor } from '../base/wait.ts';
import { CACHE_LABEL } from '../engine/labels.ts';
import type { NodeMode } from '../engine/mode.ts';
import { nestedHostConfig } from '../engine/nested.ts';
import {
  type BuildImageRequest,
  buildImage,
  follow,
  retag,
  saveImages,
  sending,
} from './engine-images.ts';
import type { GoldenImage } from './model.ts';
import { innerEngine } from './tunnel.ts';

export interface BuilderOptions {
  readonly docker: Docker;
  readonly image: string;
  readonly mode: NodeMode;
  /** Volume to fill; made if it doesn't exist. */
  readonly volume: string;
  /** A complete golden volume whose images are taken over first if the new one is empty. */
  readonly seed: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The engine that fills a golden volume: a machine whose Docker store is that volume. Images are built where they
 * will lie, so there is no export, no load and no second copy. It stops when its standard input ends, and the engine
 * ends that when this process is gone, by SIGKILL too; the volume stays, with what had been finished.
 */
export class GoldenBuilder {
  readonly #container: Docker.Container;
  readonly #leash: Duplex;
  readonly #signal: AbortSignal | undefined;
  /** The engine in the builder. */
  readonly #inner: Docker;

  private constructor(container: Docker.Container, leash: Duplex, signal: AbortSignal | undefined) {
    this.#container = container;
    this.#leash = leash;
    this.#signal = signal;
    this.#inner = innerEngine(container);
  }

  static async start(options: BuilderOptions): Promise<GoldenBuilder> {
    const { docker, volume, seed, signal } = options;
    const name = `${volume}-builder`;
    await removeOwn(docker, name);
    await docker.createVolume({ Name: volume, Labels: { [CACHE_LABEL]: 'true' } });
    const container = await docker.createContainer({
      name,
      Image: options.image,
      Labels: { ...options.labels, [CACHE_LABEL]: 'true' },
      Env: ['HARNESS_STOP_ON_EOF=1', 'HARNESS_SEED=/seed'],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      HostConfig: {
        ...nestedHostConfig(options.mode),
        AutoRemove: true,
        Binds: [`${volume}:/var/lib/docker`, ...(seed ? [`${seed}:/seed:ro`] : [])],
      },
    });
    const leash = (await container.attach({
      stream: true,
      stdin: true,
      hijack: true,
    })) as Duplex;
    leash.on('error', () => {}); // it breaks when the container is removed
    const builder = new GoldenBuilder(container, leash, signal);
    try {
      await container.start();
      await waitFor(
        {
          subject: 'golden builder',
          expected: 'an answer of its engine',
          budgetMs: 120_000,
          lookAt: `docker logs ${name}`,
          ...(signal ? { signal } : {}),
        },
        async () => ((await builder.#output(['docker', 'version'])) ? true : undefined),
      );
      return builder;
    } catch (error) {
      await builder.kill();
      throw error;
    }
  }

  /** Tags that the volume holds already. */
  async tags(): Promise<ReadonlySet<string>> {
    const images = await this.#inner.listImages();
    return new Set(images.flatMap(({ RepoTags }) => RepoTags ?? []));
  }

  /** Builds an image. Containers of a build share the builder's network, which saves setting up another one. */
  async build(request: Omit<BuildImageRequest, 'labels' | 'signal'>): Promise<void> {
    await buildImage(this.#inner, {
      ...request,
      labels: {},
      network: 'host',
      signal: this.#signal,
    });
  }

  /** Takes images over from a stream as `docker save` writes it. */
  async load(images: Readable, log: string): Promise<void> {
    const stream = await sending(
      images,
      this.#inner.loadImage(images as unknown as NodeJS.ReadableStream),
    );
    await follow(this.#inner, stream, log, this.#signal);
  }

  /** A stream of images as `docker save` writes it. */
  save(tags: readonly string[]): Promise<Readable> {
    return saveImages(this.#inner, tags);
  }

  async tag(from: string, to: string): Promise<void> {
    await retag(this.#inner, from, to);
  }

  /** Removes tags that are not wanted, and all layers that only they needed. */
  async keepOnly(wanted: ReadonlySet<string>): Promise<void> {
    for (const tag of await this.tags()) {
      if (!wanted.has(tag)) await this.#inner.getImage(tag).remove({ force: true });
    }
    await this.#inner.pruneImages();
  }

  /** Id and size of an image. */
  async inspect(tag: string): Promise<GoldenImage> {
    const { Id, Size } = await this.#inner.getImage(tag).inspect();
    return { tag, id: Id, size: Size };
  }

  /** What the store takes on disk, in bytes. */
  async size(): Promise<number> {
    return Number.parseInt(
      await this.#output(['du', '-s', '--block-size=1', '/var/lib/docker']),
      10,
    );
  }

  /** Version of the engine in the machines' image. */
  async engineVersion(): Promise<string> {
    return this.#output(['docker', 'version', '--format', '{{.Server.Version}}']);
  }

  /** What a command prints in a container of an image. */
  async run(tag: string, command: readonly string[]): Promise<string> {
    const [program = 'true', ...rest] = command;
    return this.#output([
      ...['docker', 'run', '--rm', '--network=none', `--entrypoint=${program}`, tag],
      ...rest,
    ]);
  }

  /** Stops the engine in good order, so that its store is whole, and waits until the container is gone. */
  async stop(): Promise<void> {
    const gone = this.#container.wait({ condition: 'removed' }).catch(ignoreMissing);
    await this.#container.stop({ t: 30 }).catch(ignoreMissing);
    await gone;
    this.#leash.destroy();
  }

  /** Ends it at once; what the volume holds is taken up by the next build. */
  async kill(): Promise<void> {
    this.#leash.destroy();
    await this.#container.remove({ force: true, v: true }).catch(ignoreMissing);
  }

  /** Standard output of a command in the builder, trimmed. */
  async #output(command: readonly string[]): Promise<string> {
    this.#signal?.throwIfAborted();
    const exec = await this.#container.exec({
      Cmd: [...command],
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: false });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    const collect = (chunks: Buffer[]): Writable =>
      new Writable({
        write: (chunk, _, done) => {
          chunks.push(chunk);
          done();
        },
      });
    this.#container.modem.demuxStream(stream, collect(output), collect(errors));
    await finished(stream, { writable: false });
    (stream as Duplex).destroy(); // its writing half would keep the process alive
    const { ExitCode } = await exec.inspect();
    if (ExitCode !== 0) {
      throw new Error(
        `golden builder: expected ${command.join(' ')} to succeed, got exit code ${ExitCode}: ` +
          Buffer.concat(errors).toString().trim(),
      );
    }
    return Buffer.concat(output).toString().trim();
  }
}

/** Removes what an interrupted build may have left; a container that only has the name stays, and the build fails. */
async function removeOwn(docker: Docker, name: string): Promise<void> {
  const left = await docker.listContainers({
    all: true,
    filters: { name: [`^/${name}$`], label: [`${CACHE_LABEL}=true`] },
  });
  for (const { Id } of left) {
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreMissing);
  }
}

function ignoreMissing(error: { statusCode?: number }): void {
  // 304: stopped already, 404: gone, 409: being removed by the engine
  if (![304, 404, 409].includes(error.statusCode ?? 0)) throw error;
}
