import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { UsageError } from '../../base/errors.ts';
import { packRootfs } from '../../images/context.ts';
import { follow } from '../../images/engine-images.ts';
import { REPOSITORY } from '../../images/plan.ts';
import type { StartedDockerNode } from '../../swarm/machine.ts';

/** A user's chaincode as a service: a folder with a Dockerfile, or the address of an image. */
export interface OwnChaincode {
  /** Name on the network, and in scenarios' `calls({ chaincode })`. */
  readonly name: string;
  readonly source: { readonly folder: string } | { readonly image: string };
}

const NAME = /^[a-z][a-z0-9-]{0,29}$/;

/**
 * Understands what the user gave: an existing folder, else an image.
 *
 * @param text a folder or an image's address
 * @param name the chaincode's name; by default the folder's or image's own
 * @throws UsageError when the folder has no Dockerfile or the name is none
 */
export function parseOwnChaincode(text: string, name?: string): OwnChaincode {
  const folder = path.resolve(text);
  const isFolder = existsSync(folder) && statSync(folder).isDirectory();
  const chosen = name ?? path.basename(text.replace(/[:@].*$/, ''));
  const problems: string[] = [];
  if (!NAME.test(chosen)) {
    problems.push(
      `--chaincode-name: expected a lower-case letter, then letters, digits or hyphens, seen "${chosen}"`,
    );
  }
  if (chosen === 'bank') problems.push('--chaincode-name: "bank" is the chaincode of the harness');
  if (isFolder && !existsSync(path.join(folder, 'Dockerfile'))) {
    problems.push(`--chaincode: expected a Dockerfile in ${text}, seen none`);
  }
  if (!isFolder && /^[./]/.test(text)) problems.push(`--chaincode: no such folder: ${text}`);
  if (problems.length > 0) throw new UsageError(problems);
  return { name: chosen, source: isFolder ? { folder } : { image: text } };
}

/** Folder that may hold `META-INF` with CouchDB indexes. */
export const indexesFolder = (chaincode: OwnChaincode): string | undefined =>
  'folder' in chaincode.source
    ? path.join(chaincode.source.folder, 'META-INF/statedb/couchdb/indexes')
    : undefined;

/**
 * Makes the image of a user's chaincode known to every machine. A Dockerfile may start with
 * `ARG NODE_IMAGE` and `FROM $NODE_IMAGE` to stand on the Node image of the harness, which needs no registry.
 *
 * @param outer the engine that the machines run in; images by address come from it
 * @returns the tag that services use
 */
export async function provideOwnChaincode(
  outer: Docker,
  machines: readonly StartedDockerNode[],
  chaincode: OwnChaincode,
  logFile: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const [first, ...others] = machines;
  if (!first) throw new Error('chaincode: expected a machine, seen none');
  const tag = `own-chaincode/${chaincode.name}:latest`;
  if ('folder' in chaincode.source) {
    const nodes = await first.docker.listImages({
      filters: { reference: [`${REPOSITORY}/nodejs`] } as never,
    });
    const parent = nodes[0]?.RepoTags?.[0];
    const stream = await first.docker.buildImage(packRootfs(chaincode.source.folder), {
      t: tag,
      rm: true,
      forcerm: true,
      ...(parent ? { buildargs: { NODE_IMAGE: parent } } : {}),
    });
    await follow(first.docker, stream, logFile, signal);
    await Promise.all(others.map((machine) => copy(first.docker, machine.docker, tag, signal)));
    return tag;
  }
  const { image } = chaincode.source;
  if (!(await isPresent(outer, image))) {
    await follow(outer, await outer.pull(image), logFile, signal);
  }
  await Promise.all(machines.map((machine) => copy(outer, machine.docker, image, signal)));
  return image;
}

async function isPresent(docker: Docker, image: string): Promise<boolean> {
  return docker
    .getImage(image)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

async function copy(from: Docker, to: Docker, image: string, signal: AbortSignal): Promise<void> {
  const saved = await from.getImage(image).get();
  const loaded = await to.loadImage(saved, { quiet: true });
  signal.throwIfAborted();
  await finished((loaded as NodeJS.ReadableStream).resume());
}
