import type { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { CACHE_LABEL } from '../engine/labels.ts';
import { FrameDecoder } from './tunnel.ts';

/** What a volume is read or written with. */
export interface VolumeTar {
  readonly docker: Docker;
  readonly volume: string;
  /** Image with GNU tar. */
  readonly image: string;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds for tar to see the end of an archive by itself, before its standard input is closed. */
const END_OF_ARCHIVE_MS = 30_000;

/**
 * Writes the content of a volume as a tar.
 *
 * @throws Error with tar's exit code and its last words
 */
export async function readVolume(source: VolumeTar, to: Writable): Promise<void> {
  await withTar(source, 'ro', ['--create', '.'], async (stream) => {
    // Not dockerode's own demultiplexer: that one takes no notice of a slow receiver.
    await pipeline(stream, new FrameDecoder(), to);
  });
}

/**
 * Unpacks a tar into a volume.
 *
 * @throws Error with tar's exit code and its last words
 */
export async function fillVolume(target: VolumeTar, from: Readable): Promise<void> {
  await withTar(target, 'rw', ['--extract'], async (stream, ended) => {
    const broken = new Promise<never>((_, reject) => from.once('error', reject));
    broken.catch(() => {});
    stream.resume();
    // The end of the input may overtake the last bytes, so tar gets the time to find the archive's own end.
    const written = new Promise<void>((resolve) => from.once('end', resolve));
    from.pipe(stream, { end: false });
    await Promise.race([written, ended, broken]);
    const late = setTimeout(() => stream.end(), END_OF_ARCHIVE_MS).unref();
    await ended;
    clearTimeout(late);
    from.destroy();
  });
}

/**
 * tar in a container. An image store has device files (whiteouts), and attributes that only SYS_ADMIN may read and
 * write (trusted.overlay.opaque); without them deleted files would come back.
 */
async function withTar(
  { docker, volume, image, signal }: VolumeTar,
  mode: 'ro' | 'rw',
  how: readonly string[],
  work: (stream: Duplex, ended: Promise<unknown>) => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  const writing = mode === 'rw';
  const container = await docker.createContainer({
    Image: image,
    Labels: { [CACHE_LABEL]: 'true' },
    Entrypoint: ['tar'],
    Cmd: [
      ...['--numeric-owner', '--xattrs', '--xattrs-include=*'],
      ...['--directory', '/golden', '--file', '-', ...how],
    ],
    OpenStdin: writing,
    StdinOnce: writing,
    AttachStdin: writing,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      Binds: [`${volume}:/golden:${mode}`],
      CapAdd: ['SYS_ADMIN'],
      NetworkMode: 'none',
      // What it prints may be gigabytes.
      LogConfig: { Type: 'none', Config: {} },
    },
  });
  const remove = () => container.remove({ force: true, v: true }).catch(() => undefined);
  const abort = () => void remove();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const stream = (await container.attach({
      stream: true,
      stdin: writing,
      stdout: true,
      stderr: true,
      hijack: true,
    })) as Duplex;
    stream.on('error', () => {}); // it breaks when the container ends; the exit code tells how
    const ended = container.wait({ condition: 'next-exit' }) as Promise<{ StatusCode: number }>;
    ended.catch(() => {});
    await container.start();
    await work(stream, ended);
    const { StatusCode } = await ended;
    signal?.throwIfAborted();
    if (StatusCode !== 0) {
      throw new Error(
        `volume ${volume}: expected tar ${how.join(' ')} to succeed, got exit code ${StatusCode}`,
      );
    }
    stream.destroy();
  } finally {
    signal?.removeEventListener('abort', abort);
    await remove();
  }
}
