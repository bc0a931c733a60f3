import { appendFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { CACHE_LABEL } from '../engine/labels.ts';
import { traceText } from './buildkit-trace.ts';
import { buildError } from './tool.ts';

/** What the engine's streams of progress consist of, as far as it is used here. */
interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string;
  /** With `aux`: what BuildKit says, see {@link traceText}. */
  readonly id?: string;
  readonly aux?: unknown;
}

/**
 * Reads a stream of progress to its end, into a log that grows as it goes.
 *
 * @throws Error with the engine's message if the stream carries one
 */
export async function follow(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  log: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const write = (text: string): void => {
    if (log && text) appendFileSync(log, text.endsWith('\n') ? text : `${text}\n`);
  };
  const abort = (): void => {
    (stream as Readable).destroy(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      (stream as Readable).once('error', reject);
      docker.modem.followProgress(
        stream,
        (error: Error | null) => (error ? reject(error) : resolve()),
        (event: Progress) => {
          // a failed build is an event like any other; the stream itself ends well
          if (event.error) reject(new Error(event.error));
          write(event.error ?? event.stream ?? '');
          if (event.id === 'moby.buildkit.trace') write(traceText(String(event.aux)));
        },
      );
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    signal?.throwIfAborted();
  }
}

export interface BuildImageRequest {
  readonly image: string;
  readonly tag: string;
  /** Tag that `FROM $PARENT` names. */
  readonly parent: string | undefined;
  readonly context: Readable;
  readonly log: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Network of the build's containers; the engine's default unless told. */
  readonly network?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds an image with an engine's classic builder: the one that every engine has. A build ends, and its containers
 * go, when the connection of the request does.
 *
 * @throws ImageBuildError
 */
export async function buildImage(docker: Docker, request: BuildImageRequest): Promise<void> {
  try {
    const stream = await sending(
      request.context,
      docker.buildImage(request.context, {
        t: request.tag,
        rm: true,
        forcerm: true,
        labels: { ...request.labels, [CACHE_LABEL]: 'true' },
        ...(request.network ? { networkmode: request.network } : {}),
        ...(request.parent ? { buildargs: { PARENT: request.parent } } : {}),
        ...(request.signal ? { abortSignal: request.signal } : {}),
      }),
    );
    await follow(docker, stream, request.log, request.signal);
  } catch (error) {
    request.signal?.throwIfAborted();
    throw buildError(request.image, String(error), request.log);
  }
}

/**
 * Builds an image as `docker build` does today, with the BuildKit that engines have built in since 18.09, but without a
 * session: the context comes with the request, so secrets and SSH agents are not to be had.
 *
 * @param args build arguments
 * @throws ImageBuildError with the build's last lines
 */
export async function buildWithBuildkit(
  docker: Docker,
  request: Pick<BuildImageRequest, 'image' | 'tag' | 'context' | 'log' | 'signal'>,
  args: Readonly<Record<string, string>>,
): Promise<void> {
  const { image, tag, context, log, signal } = request;
  try {
    const stream = await sending(context, dialBuild(docker, context, tag, args, signal));
    await follow(docker, stream, log, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw buildError(image, String(error), log);
  }
}

/** dockerode opens a session for each such build, which only pulls with credentials need. */
function dialBuild(
  docker: Docker,
  context: Readable,
  t: string,
  args: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<NodeJS.ReadableStream> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path: '/build?',
        method: 'POST',
        file: context,
        options: { version: '2', t, networkmode: 'host', buildargs: args },
        abortSignal: signal,
        isStream: true,
        statusCodes: { 200: true, 400: 'bad request', 500: 'server error' },
      } as unknown as Parameters<typeof docker.modem.dial>[0],
      (error: unknown, stream: unknown) =>
        error ? reject(error) : resolve(stream as NodeJS.ReadableStream),
    );
  });
}

/** Makes an image from a root file system, or an empty one that only carries labels. */
export async function importImage(
  docker: Docker,
  tag: string,
  content: Readable,
  changes: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const [repo, version] = tag.split(':') as [string, string];
  // The declaration knows only file names; dockerode sends streams just as well.
  const stream = await sending(
    content,
    docker.importImage(content as unknown as string, {
      repo,
      tag: version,
      changes: [`LABEL ${CACHE_LABEL}=true`, ...changes],
    }) as unknown as Promise<NodeJS.ReadableStream>,
  );
  await follow(docker, stream, undefined, signal);
}

/** Fails with the content's error when that breaks while it is sent; the request alone would wait for ever. */
export function sending<T>(content: Readable, request: Promise<T>): Promise<T> {
  const broken = new Promise<never>((_, reject) => content.once('error', reject));
  return Promise.race([request, broken]);
}

/** Two blocks of zeros: a tar without files. */
export function emptyTar(): Readable {
  return Readable.from([Buffer.alloc(1024)]);
}

/** Whether the outer engine has an image under this name. */
export async function hasImage(docker: Docker, name: string): Promise<boolean> {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** A stream of images as `docker save` writes it. */
export function saveImages(docker: Docker, tags: readonly string[]): Promise<Readable> {
  // dockerode has it, its declarations don't
  const engine = docker as Docker & {
    getImages(options: { names: readonly string[] }): Promise<Readable>;
  };
  return engine.getImages({ names: tags });
}

/** Gives an image a second name. */
export async function retag(docker: Docker, from: string, to: string): Promise<void> {
  const colon = to.lastIndexOf(':');
  await docker.getImage(from).tag({ repo: to.slice(0, colon), tag: to.slice(colon + 1) });
}
