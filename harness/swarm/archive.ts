import type Docker from 'dockerode';
import { extract, pack } from 'tar-stream';

/**
 * Writes files into a container (running or not) through the engine's archive call.
 *
 * @param folder an existing folder in the container; paths below it are made
 */
export async function putFiles(
  container: Docker.Container,
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  mode = 0o600,
): Promise<void> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) {
    tar.entry({ name, mode }, Buffer.from(content as string));
  }
  tar.finalize();
  await container.putArchive(tar as unknown as NodeJS.ReadableStream, { path: folder });
}

/**
 * Reads files from a container.
 *
 * @returns contents by path below the folder; `undefined` when the folder or file does not exist
 */
export async function getFiles(
  container: Docker.Container,
  path: string,
): Promise<Map<string, Buffer> | undefined> {
  let stream: NodeJS.ReadableStream;
  try {
    stream = await container.getArchive({ path });
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
  const files = new Map<string, Buffer>();
  const tar = extract();
  stream.pipe(tar);
  for await (const entry of tar) {
    if (entry.header.type === 'file')
      files.set(entry.header.name, await collect(entry as AsyncIterable<Buffer>));
    else entry.resume();
  }
  return files;
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The one file that a path names, as text. */
export async function getText(
  container: Docker.Container,
  path: string,
): Promise<string | undefined> {
  const files = await getFiles(container, path);
  const [content] = files?.values() ?? [];
  return content?.toString();
}
