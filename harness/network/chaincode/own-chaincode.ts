import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../base/errors.ts';
import type { Topology } from '../../topology/schema.ts';
import { type Language, type Sources, sourcesIn } from './languages.ts';

/** What an author says of a chaincode's definition besides its code. */
export interface GivenDefinition {
  /** `1.0` unless told, here or in the topology. */
  readonly version?: string | undefined;
  /** A signature policy's text, or the path of a policy of the channel. */
  readonly policy?: string | undefined;
  readonly initRequired?: boolean | undefined;
  /** Path of a file of collections; by default the one in the chaincode's folder. */
  readonly collections?: string | undefined;
}

/** A user's chaincode, to be served beside every peer. */
export interface OwnChaincode {
  /** Name on the network, and in scenarios' `calls({ chaincode })`. */
  readonly name: string;
  readonly source: ChaincodeSource;
  readonly definition?: GivenDefinition;
}

export type ChaincodeSource =
  /** A folder with a Dockerfile; its sources are the second choice where a parent image cannot be had. */
  | { readonly kind: 'dockerfile'; readonly folder: string; readonly sources: Sources }
  /** A folder as `peer lifecycle chaincode package` takes it. */
  | { readonly kind: 'sources'; readonly folder: string; readonly language: Language }
  | { readonly kind: 'image'; readonly image: string };

/** Also the start of service names, hence in lower case. */
const NAME = /^[a-z][a-z0-9-]{0,29}$/;

/**
 * Understands what the user gave: an existing folder, else an image.
 *
 * @param text a folder or an image's address, with registry, port, tag and digest as the case may be
 * @param name the chaincode's name; by default the folder's or image's own
 * @param definition what channels are to be told of it
 * @throws UsageError when the folder holds nothing that can be built, or the name is none
 */
export function parseOwnChaincode(
  text: string,
  name?: string,
  definition?: GivenDefinition,
): OwnChaincode {
  const folder = path.resolve(text);
  const isFolder = existsSync(folder) && statSync(folder).isDirectory();
  const chosen = name ?? (isFolder ? path.basename(folder) : imageName(text));
  const problems: string[] = [];
  if (!NAME.test(chosen)) {
    problems.push(
      `--chaincode-name: expected a lower-case letter, then letters, digits or hyphens, seen "${chosen}"`,
    );
  }
  if (chosen === 'bank') problems.push('--chaincode-name: "bank" is the chaincode of the harness');
  if (!isFolder && /^[./]/.test(text)) problems.push(`--chaincode: no such folder: ${text}`);
  const source = isFolder ? folderSource(folder, text, problems) : imageSource(text);
  if (problems.length > 0 || !source) throw new UsageError(problems);
  return { name: chosen, source, ...(definition ? { definition } : {}) };
}

/**
 * The chaincodes that a topology file gives a source for.
 *
 * @param folder the file's, which paths in it are relative to
 * @throws UsageError as {@link parseOwnChaincode}
 */
export function ownChaincodesOf({ chaincodes }: Topology, folder: string): OwnChaincode[] {
  return chaincodes.flatMap(({ name, source, endorsement, initRequired, collections }) => {
    if (source === undefined) return [];
    const local = path.resolve(folder, source);
    return [
      parseOwnChaincode(existsSync(local) ? local : source, name, {
        policy: endorsement,
        initRequired,
        collections: collections && path.resolve(folder, collections),
      }),
    ];
  });
}

/** The topology with the users' chaincode among its own. */
export function withOwnChaincodes(topology: Topology, own: readonly OwnChaincode[]): Topology {
  const versions = new Map(own.map(({ name, definition }) => [name, definition?.version]));
  const known = topology.chaincodes.map((chaincode) => ({
    ...chaincode,
    version: versions.get(chaincode.name) ?? chaincode.version,
  }));
  const names = new Set(known.map(({ name }) => name));
  const added = own
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({ name, version: versions.get(name) ?? '1.0', sequence: 1 }));
  return { ...topology, chaincodes: [...known, ...added] };
}

function folderSource(
  folder: string,
  text: string,
  problems: string[],
): ChaincodeSource | undefined {
  const sources = sourcesIn(folder);
  if (existsSync(path.join(folder, 'Dockerfile'))) return { kind: 'dockerfile', folder, sources };
  if (sources === 'gradle') {
    problems.push(
      `--chaincode: ${text} is built with Gradle, which is not among the tool chains here: ` +
        'expected a pom.xml (Maven) or a Dockerfile beside build.gradle',
    );
  } else if (sources === undefined) {
    problems.push(
      `--chaincode: expected a Dockerfile, go.mod, package.json or pom.xml in ${text}, seen none`,
    );
  } else return { kind: 'sources', folder, language: sources };
  return undefined;
}

const imageSource = (image: string): ChaincodeSource => ({ kind: 'image', image });

/** `localhost:5000/acme/asset:1.2@sha256:…` is called `asset`. */
function imageName(image: string): string {
  return path.posix.basename(image.replace(/@.*$/, '')).replace(/:.*$/, '');
}

/** What lies in the chaincode's folder besides its code, e.g. `META-INF` and `collections_config.json`. */
export const folderOf = ({ source }: OwnChaincode): string | undefined =>
  source.kind === 'image' ? undefined : source.folder;

/** How a user reads where a chaincode came from, e.g. in a report. */
export function describeSource({ source }: OwnChaincode): string {
  if (source.kind === 'image') return `image ${source.image}`;
  return source.kind === 'dockerfile' ? 'Dockerfile' : `${source.language} sources`;
}
