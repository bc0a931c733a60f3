import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { messageOf, UsageError } from '../../base/errors.ts';
import { hasImage } from '../../images/engine-images.ts';
import { credentialsFor, pull, readDockerConfig } from '../../images/registry.ts';
import { type BuiltSources, buildSources, hashOf } from './build-sources.ts';
import { type ParentImage, parentImages } from './dockerfile.ts';
import type { Language } from './languages.ts';
import { describeSource, type OwnChaincode } from './own-chaincode.ts';
import { OFFERED } from './parents.ts';

/** A chaincode as far as the host can bring it, before any machine runs. */
export type Prepared = {
  readonly name: string;
  /** Where the running code comes from, in words. */
  readonly origin: string;
  /** SHA-256 of what was given, 12 digits; of an image its id. */
  readonly hash: string;
} & (
  | { readonly kind: 'built'; readonly built: BuiltSources }
  | {
      readonly kind: 'dockerfile';
      readonly folder: string;
      /** Images of the outer engine that the build stands on. */
      readonly parents: readonly string[];
    }
  | { readonly kind: 'image'; readonly image: string }
);

export interface PrepareOptions {
  /** The engine that the machines run in. */
  readonly outer: Docker;
  readonly cacheDir: string;
  /** Takes what the tools print, as they print it. */
  readonly log: string;
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Does all that needs no machine: compiles sources, fetches images.
 *
 * @throws ImageBuildError with the last lines of a build; UsageError when a parent image cannot be had
 */
export async function prepareChaincode(
  chaincode: OwnChaincode,
  options: PrepareOptions,
): Promise<Prepared> {
  mkdirSync(path.dirname(options.log), { recursive: true });
  const { name, source } = chaincode;
  const { Arch: arch } = await options.outer.version();
  const origin = describeSource(chaincode);
  const build = async (folder: string, language: Language, told: string): Promise<Prepared> => {
    const built = await buildSources({ ...options, name, folder, language, arch });
    return { name, origin: told, hash: hashOf(folder, []), kind: 'built', built };
  };
  if (source.kind === 'sources') return build(source.folder, source.language, origin);
  if (source.kind === 'image') {
    const { image } = source;
    const missing = await fetchImage(image, options);
    if (missing) throw new UsageError([`--chaincode: image ${image}: ${missing}`]);
    const { Architecture } = await options.outer.getImage(image).inspect();
    if (Architecture !== arch) {
      throw new UsageError([
        `--chaincode: image ${image}: expected the architecture ${arch} of this engine, seen ${Architecture}`,
      ]);
    }
    return { name, origin, hash: await imageHash(options.outer, image), kind: 'image', image };
  }
  const { folder, sources } = source;
  const parents = parentImages(readFileSync(path.join(folder, 'Dockerfile'), 'utf8'), OFFERED);
  const asked = parents.filter(({ image }) => !Object.values<string>(OFFERED).includes(image));
  const lacking: string[] = [];
  for (const parent of asked) {
    const missing = await fetchImage(parent.image, options);
    if (missing) lacking.push(sentence(parent, missing));
  }
  if (lacking.length === 0) {
    const images = [...new Set(asked.map(({ image }) => image))];
    return { name, origin, hash: hashOf(folder, []), kind: 'dockerfile', folder, parents: images };
  }
  if (sources && sources !== 'gradle') {
    options.notice(
      `${lacking.join('; ')}: its ${sources} sources are built with this host's tools`,
    );
    return build(folder, sources, `${sources} sources, its Dockerfile's images not to be had`);
  }
  throw new UsageError([
    ...lacking.map((text) => `--chaincode: ${text}`),
    `  what would serve: ${Object.keys(OFFERED)
      .map((arg) => `ARG ${arg} and FROM $${arg}`)
      .join(', or ')} ` +
      '(images of the harness, which need no registry); an image of that name in the engine (docker load); ' +
      'or a registry that the engine reaches',
  ]);
}

/**
 * The hash by which a build of a chaincode is known, without building it; undefined for an image that is not in the
 * engine.
 */
export async function hashOfGiven(
  { source }: OwnChaincode,
  outer: Docker,
): Promise<string | undefined> {
  if (source.kind !== 'image') return hashOf(source.folder, []);
  return (await hasImage(outer, source.image)) ? imageHash(outer, source.image) : undefined;
}

async function imageHash(outer: Docker, image: string): Promise<string> {
  return (await outer.getImage(image).inspect()).Id.replace('sha256:', '').slice(0, 12);
}

const sentence = ({ image, where, line }: ParentImage, missing: string) =>
  `Dockerfile, line ${line}, ${where}: ${image} ${missing}`;

/**
 * Has the engine hold an image, with the user's own credentials for its registry.
 *
 * @returns why it cannot be had
 */
async function fetchImage(
  image: string,
  { outer, signal }: PrepareOptions,
): Promise<string | undefined> {
  if (await hasImage(outer, image)) return undefined;
  const [host = ''] = image.split('/');
  const registry = /[.:]|^localhost$/.test(host) ? host : 'https://index.docker.io/v1/';
  try {
    await pull(
      outer,
      tagged(image),
      await credentialsFor(registry, await readDockerConfig()),
      signal,
    );
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return `cannot be had: it is not in the engine, and ${reason(error)}`;
  }
}

/** Without tag and digest the engine would pull every tag. */
const tagged = (image: string) => (/@|:[^/]*$/.test(image) ? image : `${image}:latest`);

function reason(error: unknown): string {
  const text = messageOf(error)
    .replace(/^\(HTTP code \d+\)[^-]*-\s*/, '')
    .trim();
  return /no such host|dial tcp|connection refused|timeout|Temporary failure/i.test(text)
    ? `no registry answers (${text.split(': ').slice(-2).join(': ')})`
    : text;
}
