import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { packContext, packRootfs } from '../../images/context.ts';
import { buildWithBuildkit, retag } from '../../images/engine-images.ts';
import { requireTools } from '../../images/host-tools.ts';
import { REPOSITORY } from '../../images/plan.ts';
import { runTool } from '../../images/tool.ts';

/** Build arguments that name images of the harness, which a Dockerfile can stand on without any registry. */
export const OFFERED = {
  NODE_IMAGE: `${REPOSITORY}/chaincode-node:local`,
  GO_IMAGE: `${REPOSITORY}/chaincode-go:local`,
  JAVA_IMAGE: `${REPOSITORY}/chaincode-java:local`,
  BASE_IMAGE: `${REPOSITORY}/chaincode-base:local`,
} as const;

const FIXTURE = path.resolve(import.meta.dirname, '../../../fixtures/images/npm');
/** Where Debian and most others keep the authorities that they trust. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

const NPM_OR_USER = /\bnp[mx]\b|\bnode:node\b|--chown=node\b|^\s*USER\s+node\b/im;

export interface ParentOptions {
  /** A machine's engine. */
  readonly docker: Docker;
  readonly cacheDir: string;
  readonly log: string;
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The tag of one of the network's own images in a machine, or of a layer that they share, e.g. `nodejs`. */
export async function imageOf(docker: Docker, name: string): Promise<string> {
  const found = await docker.listImages({
    filters: JSON.stringify({ reference: [`${REPOSITORY}/${name}`] }),
  });
  const [tag] = found.flatMap(({ RepoTags }) => RepoTags ?? []);
  if (!tag) throw new Error(`image ${name}: expected it in the machine, seen none`);
  return tag;
}

/**
 * Gives a machine's engine the images of {@link OFFERED} that a Dockerfile asks for. The one for Node holds npm, the
 * host's npm registry and the authorities that the host trusts, so that `npm ci` works in a build as it does on the host; it is made only where the Dockerfile uses npm or the user `node`.
 */
export async function offerParents(
  wanted: readonly (keyof typeof OFFERED)[],
  dockerfile: string,
  options: ParentOptions,
): Promise<void> {
  const { docker } = options;
  const plain = async (from: string, to: string) => {
    await retag(docker, await imageOf(docker, from), to);
  };
  if (wanted.includes('BASE_IMAGE')) await plain('base', OFFERED.BASE_IMAGE);
  if (wanted.includes('JAVA_IMAGE')) await plain('jvm', OFFERED.JAVA_IMAGE);
  if (wanted.includes('GO_IMAGE')) await makeGoImage(options);
  if (!wanted.includes('NODE_IMAGE')) return;
  if (NPM_OR_USER.test(dockerfile)) await makeNodeImage(options);
  else await plain('nodejs', OFFERED.NODE_IMAGE);
}

async function makeNodeImage({ docker, cacheDir, log, notice, signal }: ParentOptions) {
  const run = { image: 'npm for chaincode builds', log, signal };
  const context = path.join(cacheDir, 'chaincode-node');
  if (!existsSync(path.join(context, 'npm'))) {
    await requireTools(['npm'], notice);
    const part = `${context}.${process.pid}`;
    await mkdir(part, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) {
      await copyFile(path.join(FIXTURE, file), path.join(part, file));
    }
    await runTool(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      ...run,
      cwd: part,
    });
    await rm(context, { recursive: true, force: true });
    await mkdir(context, { recursive: true });
    await cp(path.join(part, 'node_modules/npm'), path.join(context, 'npm.part'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await rename(path.join(context, 'npm.part'), path.join(context, 'npm'));
    await rm(part, { recursive: true, force: true });
  }
  const trusted = await putAuthorities(context);
  await writeFile(path.join(context, 'Dockerfile'), nodeDockerfile(trusted));
  await buildWithBuildkit(
    docker,
    { image: 'NODE_IMAGE', tag: OFFERED.NODE_IMAGE, context: packRootfs(context), log, signal },
    { PARENT: await imageOf(docker, 'nodejs') },
  );
}

/** @returns whether the host has a file of those that it trusts; an empty one stands for it otherwise */
async function putAuthorities(context: string): Promise<boolean> {
  const trusted = existsSync(AUTHORITIES);
  if (trusted) await copyFile(AUTHORITIES, path.join(context, 'authorities.crt'));
  else await writeFile(path.join(context, 'authorities.crt'), '');
  return trusted;
}

/** The host's own Go, which fits the engine's architecture, with the authorities that the host trusts. */
async function makeGoImage({
  docker,
  cacheDir,
  log,
  notice,
  signal,
}: ParentOptions): Promise<void> {
  await requireTools(['go'], notice);
  const { stdout } = await promisify(execFile)('go', ['env', 'GOROOT']);
  const folder = path.join(cacheDir, 'chaincode-go');
  await mkdir(folder, { recursive: true });
  await putAuthorities(folder);
  await writeFile(path.join(folder, 'Dockerfile'), GO_DOCKERFILE);
  const context = packContext({
    folder,
    files: ['Dockerfile', 'authorities.crt'],
    staged: [stdout.trim()],
  });
  await buildWithBuildkit(
    docker,
    { image: 'GO_IMAGE', tag: OFFERED.GO_IMAGE, context, log, signal },
    { PARENT: await imageOf(docker, 'base') },
  );
}

const GO_DOCKERFILE = `ARG PARENT
FROM $PARENT
COPY stage/ /usr/local/go/
COPY authorities.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
    GOTOOLCHAIN=local GOFLAGS=-buildvcs=false
`;

/** As official Node images are: npm, a user `node`; development packages are installed unless told otherwise. */
const nodeDockerfile = (trusted: boolean) => `ARG PARENT
FROM $PARENT
COPY npm/ /usr/local/lib/node_modules/npm/
COPY authorities.crt /usr/local/share/ca-certificates/host.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\
 && chmod +x /usr/local/lib/node_modules/npm/bin/*.js \\
 && useradd --create-home --uid 1000 node
ENV NODE_ENV=
${trusted ? 'ENV NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/host.crt\n' : ''}`;
