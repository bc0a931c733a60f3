import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';

/** A tar of a build's context: files of the image's folder at its root, the outputs of steps under `stage/`. */
export interface Context {
  /** Absolute folder of the image. */
  readonly folder: string;
  /** Names of the files to send from it. */
  readonly files: readonly string[];
  /** Folders whose content is put together under `stage/`. */
  readonly staged: readonly string[];
}

/**
 * Packs a context. The same content gives the same bytes, so the engine's layer cache works.
 *
 * @returns a stream that fails if tar does
 */
export function packContext({ folder, files, staged }: Context): Readable {
  return tar([
    '--transform=flags=rSH;s,^\\.,stage,', // names that start with a dot: those of the staged folders only
    '-C',
    folder,
    ...files.map((file) => path.basename(file)),
    ...staged.flatMap((step) => ['-C', step, '.']),
  ]);
}

/** Packs a root file system, owners and all. */
export function packRootfs(root: string): Readable {
  return tar(['-C', root, '.'], []);
}

const ROOT_OWNED = ['--owner=0', '--group=0'];

function tar(what: readonly string[], owner: readonly string[] = ROOT_OWNED): Readable {
  const fixed = ['--sort=name', '--mtime=@0', '--numeric-owner', ...owner];
  const child = spawn('tar', ['-c', ...fixed, ...what], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  child.on('exit', (code) => {
    if (code !== 0) child.stdout.destroy(new Error(`tar: exit code ${code}: ${complaint.trim()}`));
  });
  return child.stdout;
}
