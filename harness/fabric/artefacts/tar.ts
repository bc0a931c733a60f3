import { pack } from 'tar-stream';

/**
 * Packs files into a tar archive that depends on nothing but names and contents: entries sorted, time 0, owner root.
 *
 * @param files content by relative path
 */
export async function tar(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const archive = pack();
  for (const name of Object.keys(files).sort()) {
    archive.entry(
      { name, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 },
      Buffer.from(files[name] ?? ''),
    );
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
