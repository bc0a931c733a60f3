import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { extract, pack } from 'tar-stream';
import { saveImages } from '../../images/engine-images.ts';

/**
 * An image as `docker save` writes it, without the layers that an engine holds already, which of a chaincode's image are
 * nearly all: an engine that loads an image does not look at the data of a layer that it knows.
 *
 * @param holder an engine; those that hold the same images can load the archive too
 */
export async function archiveFor(holder: Docker, from: Docker, name: string): Promise<Buffer> {
  const { RootFS } = await from.getImage(name).inspect();
  const layers = RootFS?.Layers ?? [];
  const known = layers.slice(0, await knownLayers(holder, layers));
  const spared = new Set(known.filter((layer) => !layers.slice(known.length).includes(layer)));
  return withoutLayers(await saveImages(from, [name]), spared);
}

/** Has engines hold the image of an archive. */
export async function loadArchive(engines: readonly Docker[], archive: Buffer): Promise<void> {
  await Promise.all(
    engines.map(async (engine) => {
      const loading = await engine.loadImage(Readable.from([archive]) as never, { quiet: true });
      await finished((loading as NodeJS.ReadableStream).resume());
    }),
  );
}

/** How many of the first layers are the first layers of an image that the engine holds. */
async function knownLayers(engine: Docker, layers: readonly string[]): Promise<number> {
  const images = await engine.listImages();
  const counts = await Promise.all(
    images.map(async ({ Id }) => {
      const { RootFS } = await engine.getImage(Id).inspect();
      const others = RootFS?.Layers ?? [];
      const different = layers.findIndex((layer, index) => layer !== others[index]);
      return different < 0 ? layers.length : different;
    }),
  );
  return Math.max(0, ...counts);
}

/** @param layers digests of uncompressed layers, by which an archive of an engine names them */
export async function withoutLayers(saved: Readable, layers: ReadonlySet<string>): Promise<Buffer> {
  const kept = pack();
  const bytes = buffer(kept);
  for await (const entry of saved.pipe(extract())) {
    const digest = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(entry.header.name)?.[1];
    if (digest && layers.has(`sha256:${digest}`)) entry.resume();
    else kept.entry(entry.header, await buffer(entry));
  }
  kept.finalize();
  return bytes;
}
