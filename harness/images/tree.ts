import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Content of the files under a path, by path relative to the repository. */
export type Files = ReadonlyMap<string, Buffer>;

/** Not part of any image: tests, and what tool chains and tests leave. */
const LEFT_OUT = /(^|\/)(node_modules|dist|coverage|testing|\.git)(\/|$)|\.test\.ts$|_test\.go$/;

export function belongsToImage(file: string): boolean {
  return !LEFT_OUT.test(file);
}

/**
 * Reads the files that belong to images.
 *
 * @param root the repository
 * @param inputs files and folders relative to it; one that doesn't exist is left out
 */
export function readFiles(root: string, inputs: readonly string[]): Files {
  const files = new Map<string, Buffer>();
  const visit = (relative: string): void => {
    const absolute = path.join(root, relative);
    if (!belongsToImage(relative) || !existsSync(absolute)) return;
    if (!statSync(absolute).isDirectory()) {
      files.set(relative, readFileSync(absolute));
      return;
    }
    for (const name of readdirSync(absolute)) visit(`${relative}/${name}`);
  };
  for (const input of inputs) visit(input);
  return files;
}
