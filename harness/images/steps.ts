import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import { DEBIAN_SUITE, type StepName } from './catalogue.ts';
import type { ToolName } from './host-tools.ts';
import { ImageBuildError } from './model.ts';
import { runTool, type ToolRun } from './tool.ts';
import { belongsToImage } from './tree.ts';

const FABRIC = 'github.com/hyperledger/fabric';
const FABRIC_CA = 'github.com/hyperledger/fabric-ca';
const FERRETDB = 'github.com/FerretDB/FerretDB';
export const DEFAULT_MIRROR = 'http://deb.debian.org/debian';

/** What a step gets. It fills `out`, which becomes `stage/` of the contexts that want it. */
export interface StepContext {
  readonly root: string;
  readonly out: string;
  /** Folder for what is not staged; removed afterwards. */
  readonly scratch: string;
  readonly arch: string;
  readonly debianMirror: string | undefined;
  readonly run: Omit<ToolRun, 'cwd' | 'env'>;
}

interface Step {
  /** What the user reads. */
  readonly title: string;
  /** See {@link concurrency}. */
  readonly queue: 'compile' | 'fetch' | 'base';
  /** Programs of the host that it runs. */
  readonly tools: readonly ToolName[];
  readonly make: (context: StepContext) => Promise<void>;
}

/**
 * What the host's tool chains do before a build, because containers may reach no registry of packages: compile Go
 * programs, fetch jars and npm packages. All is pinned and checked against a lock file in the repository.
 */
export const STEPS: Readonly<Record<StepName, Step>> = {
  reaper: compile('reaper', (c) => goOwn(c, 'reaper', 'reaper')),
  'delay-queue': compile('delay-queue', (c) => goOwn(c, 'node/delay-queue', 'delay-queue')),
  'ccaas-builder': compile('ccaas-builder', async (c) => {
    await goOwn(c, 'fabric/ccaas-builder', 'ccaas_builder/bin/detect');
    for (const name of ['build', 'release']) {
      await symlink('detect', path.join(c.out, 'ccaas_builder/bin', name));
    }
  }),
  fabric: compile('fabric', (c) => fabricPrograms(c, 'fabric')),
  'fabric-3': compile('fabric 3', (c) => fabricPrograms(c, 'fabric-3')),
  'fabric-ca': compile(
    'fabric-ca',
    async (c) => {
      // SQLite is C. Linked statically, so that the host's C library may be newer than the image's.
      const programs = ['server', 'client'].map((name) => `${FABRIC_CA}/cmd/fabric-ca-${name}`);
      await go(c, imageFolder(c, 'fabric-ca'), ['build', '-o', `${c.out}/bin/`, ...programs], {
        cgo: true,
      });
    },
    'cc',
  ),
  ferretdb: compile('ferretdb', async (c) => {
    const module = await moduleFolder(c, imageFolder(c, 'mongo'), FERRETDB);
    const source = path.join(c.scratch, 'ferretdb');
    await runTool(['cp', '-r', '--no-preserve=mode', module, source], c.run);
    // The release's generator writes this file; without it the program refuses to start.
    const version = /@(v[^/]+)$/.exec(module)?.[1];
    await writeFile(path.join(source, 'build/version/version.txt'), `${version}\n`);
    await go(c, source, ['build', '-o', `${c.out}/bin/ferretdb`, './cmd/ferretdb']);
  }),
  rootfs: {
    ...fetch('debian base', 'debootstrap', async (c) => {
      if (process.getuid?.() !== 0) {
        throw new UsageError([
          'base image: no image registry answers, and debootstrap needs root: run as root, or reach a registry',
        ]);
      }
      await runTool(
        [
          imageFolder(c, 'base/make-rootfs.sh'),
          DEBIAN_SUITE,
          c.debianMirror ?? DEFAULT_MIRROR,
          `${c.out}/root`,
        ],
        c.run,
      );
    }),
    queue: 'base',
  },
  jars: fetch('kafka jars', 'mvn', async (c) => {
    const libs = path.join(c.out, 'libs');
    const goal = 'dependency:copy-dependencies';
    const options = ['-DincludeScope=runtime', `-DoutputDirectory=${libs}`];
    await runTool(['mvn', '-q', '-B', goal, ...options], {
      ...c.run,
      cwd: imageFolder(c, 'kafka-libs'),
    });
    await checkLock(await readFile(imageFolder(c, 'kafka-libs/jars.lock'), 'utf8'), libs, c);
  }),
  'node-binary': fetch('node binary', 'npm', async (c) => {
    await npm(c, imageFolder(c, 'nodejs'), c.scratch);
    const name = `node-linux-${c.arch === 'amd64' ? 'x64' : c.arch}`;
    await rename(path.join(c.scratch, 'node_modules', name, 'bin/node'), path.join(c.out, 'node'));
  }),
  'npm-couchdb': fetch('couchdb packages', 'npm', (c) => app(c, imageFolder(c, 'couchdb/server'))),
  'npm-mongo-express': fetch('mongo-express packages', 'npm', (c) =>
    npm(c, imageFolder(c, 'mongo-express'), c.out),
  ),
  'npm-bank': fetch('bank packages', 'npm', (c) =>
    app(c, path.join(c.root, 'fixtures/chaincode/bank')),
  ),
  'npm-api': fetch('api packages', 'npm', async (c) => {
    await app(c, path.join(c.root, 'fixtures/api'));
    await sources(c, path.join(c.root, 'fabric-client'), 'fabric-client');
  }),
};

function compile(what: string, make: Step['make'], ...tools: readonly ToolName[]): Step {
  return { title: `compile ${what}`, queue: 'compile', tools: ['go', ...tools], make };
}

function fetch(what: string, tool: ToolName, make: Step['make']): Step {
  return { title: `fetch ${what}`, queue: 'fetch', tools: [tool], make };
}

function imageFolder(c: StepContext, relative: string): string {
  return path.join(c.root, 'fixtures/images', relative);
}

/** Orderer, peer and configtxgen of a release, with the sample configuration of the same release. */
async function fabricPrograms(c: StepContext, folder: 'fabric' | 'fabric-3'): Promise<void> {
  const cwd = imageFolder(c, folder);
  const programs = ['orderer', 'peer', 'configtxgen'].map((name) => `${FABRIC}/cmd/${name}`);
  await go(c, cwd, ['build', '-o', `${c.out}/bin/`, ...programs]);
  const module = await moduleFolder(c, cwd, FABRIC);
  for (const file of ['core.yaml', 'orderer.yaml']) {
    await copyOwned(path.join(module, 'sampleconfig', file), path.join(c.out, 'config', file));
  }
}

function goEnvironment(c: StepContext, cgo: boolean): Record<string, string> {
  return {
    GOOS: 'linux',
    GOARCH: c.arch,
    GOWORK: 'off',
    GOFLAGS: '',
    CGO_ENABLED: cgo ? '1' : '0',
  };
}

async function go(
  c: StepContext,
  cwd: string,
  [verb, ...rest]: readonly string[],
  { cgo = false } = {},
): Promise<void> {
  const link = cgo ? '-s -w -linkmode external -extldflags -static' : '-s -w';
  const tags = cgo ? ['-tags', 'netgo,osusergo,sqlite_omit_load_extension'] : [];
  const fixed = ['-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', link, ...tags];
  await runTool(['go', verb as string, ...fixed, ...rest], {
    ...c.run,
    cwd,
    env: goEnvironment(c, cgo),
  });
}

async function goOwn(c: StepContext, folder: string, output: string): Promise<void> {
  await go(c, imageFolder(c, folder), ['build', '-o', path.join(c.out, output), '.']);
}

/** Folder of a module in Go's cache, downloaded and checked against go.sum if it wasn't. */
async function moduleFolder(c: StepContext, cwd: string, module: string): Promise<string> {
  const file = path.join(c.scratch, 'module');
  const env = goEnvironment(c, false);
  await runTool(['go', 'mod', 'download', module], { ...c.run, cwd, env });
  const ask = `go list -mod=readonly -m -f '{{.Dir}}' ${module} > "$0"`;
  await runTool(['sh', '-c', ask, file], { ...c.run, cwd, env });
  return (await readFile(file, 'utf8')).trim();
}

/** Copies a file of Go's read-only module cache so that it can be removed again. */
async function copyOwned(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await writeFile(to, await readFile(from));
}

/** Installs the packages of a folder's lock file under `to`. */
async function npm(c: StepContext, from: string, to: string): Promise<void> {
  for (const name of ['package.json', 'package-lock.json']) {
    await cp(path.join(from, name), path.join(to, name));
  }
  const options = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await runTool(['npm', 'ci', ...options], { ...c.run, cwd: to });
  for (const name of ['package.json', 'package-lock.json']) await rm(path.join(to, name));
  await mkdir(path.join(to, 'node_modules'), { recursive: true }); // a lock file may list none
}

/** An application of the repository: its packages and its files, without tests. */
async function app(c: StepContext, folder: string): Promise<void> {
  await npm(c, folder, c.out);
  await sources(c, folder, 'app');
}

/** A folder of the repository, without tests. */
async function sources(c: StepContext, folder: string, to: string): Promise<void> {
  await cp(folder, path.join(c.out, to), {
    recursive: true,
    filter: (source) => belongsToImage(path.relative(c.root, source)),
  });
}

/**
 * Compares a folder of jars with the lock file (`sha256  name` a line, as sha256sum writes it).
 *
 * @throws ImageBuildError naming each jar that is missing, unknown or different
 */
async function checkLock(lock: string, libs: string, c: StepContext): Promise<void> {
  const found = new Map<string, string>();
  for (const name of await readdir(libs)) {
    const content = await readFile(path.join(libs, name));
    found.set(name, createHash('sha256').update(content).digest('hex'));
  }
  const problems = compareLock(lock, found);
  if (problems.length > 0) {
    throw new ImageBuildError(c.run.image, 'jars that differ from jars.lock', problems, c.run.log);
  }
}

export function compareLock(lock: string, found: ReadonlyMap<string, string>): readonly string[] {
  const wanted = new Map(
    lock
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.split(/\s+/, 2).reverse() as [string, string]),
  );
  const problems: string[] = [];
  for (const [name, sum] of wanted) {
    const seen = found.get(name);
    if (seen === undefined) problems.push(`${name}: expected, not there`);
    else if (seen !== sum) problems.push(`${name}: expected sha256 ${sum}, got ${seen}`);
  }
  for (const name of found.keys()) {
    if (!wanted.has(name)) problems.push(`${name}: not in the lock file`);
  }
  return problems;
}

/**
 * Runs a step unless an earlier, interrupted build has finished it: the output appears under its name only when
 * it is complete.
 *
 * @param folder staging folder; outputs of other revisions of the same step are removed
 * @returns the folder with the output
 */
export async function stage(
  name: StepName,
  hash: string,
  folder: string,
  context: Omit<StepContext, 'out' | 'scratch'>,
): Promise<string> {
  const done = path.join(folder, `${name}-${hash}`);
  if (existsSync(done)) return done;
  const out = `${done}.part`;
  const scratch = `${done}.scratch`;
  await removeTree(out);
  await removeTree(scratch);
  await mkdir(out, { recursive: true });
  await mkdir(scratch, { recursive: true });
  await STEPS[name].make({ ...context, out, scratch });
  await removeTree(scratch);
  await rename(out, done);
  return done;
}

/** Removes a tree, but never what is mounted in it. */
export async function removeTree(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  await runTool(['rm', '-rf', '--one-file-system', '--', folder], {
    image: 'staging',
    log: '/dev/null',
  });
}
