import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { packRootfs } from '../../images/context.ts';
import { buildWithBuildkit, hasImage } from '../../images/engine-images.ts';
import type { Machine } from '../port.ts';
import { packFolder } from './context.ts';
import { archiveFor, loadArchive } from './copy-image.ts';
import { wantsArgument, withoutSyntaxLine } from './dockerfile.ts';
import { imageOf, OFFERED, offerParents, type ParentOptions } from './parents.ts';
import type { Prepared } from './prepare.ts';

export interface ProvideOptions extends Omit<ParentOptions, 'docker'> {
  /** The engine that the machines run in. */
  readonly outer: Docker;
  readonly machines: readonly Machine[];
}

/**
 * Has every machine hold the image of a chaincode. What is built is built once, in the first machine, and kept: the same
 * sources on the same images of the harness are loaded the next time.
 *
 * @returns the tag that services use; it names the sources, so that another build is another tag
 * @throws ImageBuildError with the last lines of a build
 */
export async function provideChaincodeImage(
  prepared: Prepared,
  options: ProvideOptions,
): Promise<string> {
  const { outer, machines, log, signal } = options;
  const engines = machines.map(({ docker }) => docker);
  const [first, ...others] = engines;
  if (!first) throw new Error('chaincode: expected a machine, seen none');
  const { name, hash } = prepared;
  if (prepared.kind === 'image') {
    await loadArchive(engines, await archiveFor(first, outer, prepared.image));
    return prepared.image;
  }
  const tag = `own-chaincode/${name}:${hash}`;
  const build = prepared.kind === 'built' ? prepared.built.hash : hash;
  const kept = new KeptArchive(options.cacheDir, name, `${build}-${await baseKey(first)}`);
  const archive = kept.read();
  if (archive) {
    await loadArchive(engines, archive);
    return tag;
  }
  const image = `chaincode ${name}`;
  if (prepared.kind === 'built') {
    const { folder, parent } = prepared.built;
    const context = packRootfs(folder);
    const args = { PARENT: await imageOf(first, parent) };
    await buildWithBuildkit(first, { image, tag, context, log, signal }, args);
  } else {
    for (const parent of prepared.parents) {
      if (await hasImage(first, parent)) continue;
      await loadArchive([first], await archiveFor(first, outer, parent));
    }
    await buildDockerfile(prepared.folder, image, tag, { ...options, docker: first });
  }
  const [other] = others;
  if (!other) return tag;
  const made = await archiveFor(other, first, tag);
  kept.write(made);
  await loadArchive(others, made);
  return tag;
}

async function buildDockerfile(
  folder: string,
  image: string,
  tag: string,
  options: ParentOptions,
): Promise<void> {
  const { docker, log, signal } = options;
  const text = readFileSync(path.join(folder, 'Dockerfile'), 'utf8');
  const names = Object.keys(OFFERED) as (keyof typeof OFFERED)[];
  const wanted = names.filter((argument) => wantsArgument(text, argument));
  await offerParents(wanted, text, options);
  const args = Object.fromEntries(wanted.map((argument) => [argument, OFFERED[argument]]));
  const context = packFolder(folder, withoutSyntaxLine(text));
  await buildWithBuildkit(docker, { image, tag, context, log, signal }, { ...proxies(), ...args });
}

/** Builders know these without an ARG. */
function proxies(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((n) => [n, n.toUpperCase()]);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value ? [[name, value] as const] : [];
    }),
  );
}

/** Names the images of the harness that an archive's missing layers are in. */
async function baseKey(docker: Docker): Promise<string> {
  const tags = await Promise.all(['base', 'nodejs', 'jvm'].map((name) => imageOf(docker, name)));
  return createHash('sha256').update(tags.join()).digest('hex').slice(0, 8);
}

/** The image of a chaincode in the cache; of each chaincode only the newest build is kept. */
class KeptArchive {
  readonly #folder: string;
  readonly #prefix: string;
  readonly #file: string;

  constructor(cacheDir: string, name: string, key: string) {
    this.#folder = path.join(cacheDir, 'chaincode-images');
    this.#prefix = `${name}@`;
    this.#file = path.join(this.#folder, `${this.#prefix}${key}.tar`);
  }

  read(): Buffer | undefined {
    return existsSync(this.#file) ? readFileSync(this.#file) : undefined;
  }

  write(archive: Buffer): void {
    mkdirSync(this.#folder, { recursive: true });
    for (const file of readdirSync(this.#folder)) {
      if (file.startsWith(this.#prefix)) rmSync(path.join(this.#folder, file), { force: true });
    }
    const part = `${this.#file}.${process.pid}`;
    writeFileSync(part, archive);
    renameSync(part, this.#file);
  }
}
