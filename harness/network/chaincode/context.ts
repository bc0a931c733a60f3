import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pack } from 'tar-stream';

/**
 * Packs a user's folder as the context of a build, without what its `.dockerignore` names.
 *
 * @param dockerfile text that takes the place of the folder's Dockerfile
 */
export function packFolder(folder: string, dockerfile: string): Readable {
  const ignoreFile = path.join(folder, '.dockerignore');
  const ignored = ignores(existsSync(ignoreFile) ? readFileSync(ignoreFile, 'utf8') : '');
  const archive = pack();
  const add = (relative: string): void => {
    for (const name of readdirSync(path.join(folder, relative)).sort()) {
      const file = path.posix.join(relative, name);
      if (file === 'Dockerfile') continue;
      const absolute = path.join(folder, file);
      const stats = lstatSync(absolute);
      const entry = { name: file, mode: stats.mode & 0o7777, mtime: new Date(0) };
      const kept = !ignored(file);
      if (stats.isDirectory()) {
        if (kept) archive.entry({ ...entry, type: 'directory' });
        add(file); // a later pattern may take something in it back
      } else if (kept && stats.isSymbolicLink()) {
        archive.entry({ ...entry, type: 'symlink', linkname: readlinkSync(absolute) });
      } else if (kept && stats.isFile()) {
        archive.entry(entry, readFileSync(absolute));
      }
    }
  };
  add('');
  archive.entry({ name: 'Dockerfile', mode: 0o644, mtime: new Date(0) }, dockerfile);
  archive.finalize();
  return archive as unknown as Readable;
}

/**
 * Whether a `.dockerignore` leaves a path out: the last pattern that matches it, or a folder above it, decides; `!` takes
 * back (docs.docker.com/build/concepts/context).
 */
export function ignores(text: string): (file: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const takesBack = line.startsWith('!');
      const pattern = path.posix.normalize(line.replace(/^!/, '').trim()).replace(/^\/|\/$/g, '');
      return { takesBack, matches: new RegExp(`^${expression(pattern)}(/|$)`) };
    });
  return (file) => {
    const last = rules.findLast(({ matches }) => matches.test(file));
    return last !== undefined && !last.takesBack;
  };
}

/** `**` is any number of folders, `*` and `?` stay within a name. */
function expression(pattern: string): string {
  return pattern
    .split(/(\*\*\/|\*\*|\*|\?|\[[^\]]*\])/)
    .map((part) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      return part.startsWith('[') ? part : part.replace(/[.+^${}()|\\]/g, '\\$&');
    })
    .join('');
}
