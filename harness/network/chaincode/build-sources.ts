import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { requireTools } from '../../images/host-tools.ts';
import { ImageBuildError } from '../../images/model.ts';
import { runTool, type ToolRun } from '../../images/tool.ts';
import { serveInsteadOfDialling } from './go-shim.ts';
import { type Language, startScript } from './languages.ts';

/** The image of the network that a built chaincode stands on. */
export type ParentName = 'base' | 'nodejs' | 'jvm';

/** What the host's tool chains made of a folder of sources. */
export interface BuiltSources {
  /** Context of an image; its Dockerfile takes the parent as `PARENT`. */
  readonly folder: string;
  readonly parent: ParentName;
  /** SHA-256 of the sources, 12 digits. */
  readonly hash: string;
}

export interface BuildOptions {
  /** Name of the chaincode. */
  readonly name: string;
  readonly language: Language;
  /** The user's folder; never written to. */
  readonly folder: string;
  /** Where builds are kept: the same sources are built once. */
  readonly cacheDir: string;
  /** Go's name of the machines' architecture, e.g. `amd64`. */
  readonly arch: string;
  readonly log: string;
  readonly notice: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Counts up when a builder changes in a way that changes what it makes. */
const REVISION = 1;
/** Not part of the sources: what package managers and builds leave. */
const LEFT_OUT = new Set(['node_modules', '.git', 'target', 'coverage', '.nyc_output']);
const PARENTS: Readonly<Record<Language, ParentName>> = {
  go: 'base',
  javascript: 'nodejs',
  typescript: 'nodejs',
  java: 'jvm',
};

type Builder = (context: {
  readonly options: BuildOptions;
  /** A copy of the sources, to build in. */
  readonly work: string;
  /** Becomes the image's context. */
  readonly out: string;
  readonly run: Omit<ToolRun, 'cwd' | 'env'>;
}) => Promise<void>;

/**
 * Builds a folder of sources as a peer would, but with the tool chains of this host, into the context of an image that
 * serves the contract. The contract is the author's own, unchanged; only the direction of the connection differs: the
 * peer calls it.
 *
 * @throws ImageBuildError with the last lines of the tool that failed; UsageError when a tool chain is missing
 */
export async function buildSources(options: BuildOptions): Promise<BuiltSources> {
  const { name, language, folder, cacheDir, arch, log, signal } = options;
  const hash = hashOf(folder, [String(REVISION), language, arch]);
  const kept = path.join(cacheDir, 'chaincode');
  const done = path.join(kept, `${name}-${hash}`);
  const built = { folder: done, parent: PARENTS[language], hash };
  if (existsSync(done)) return built;
  const run = { image: `chaincode ${name}`, log, signal };
  await requireTools(TOOLS[language], options.notice);
  const part = path.join(kept, `${name}-${hash}.${process.pid}`);
  const [work, out] = [path.join(part, 'work'), path.join(part, 'out')];
  try {
    await mkdir(out, { recursive: true });
    copySources(folder, work);
    await BUILDERS[language]({ options, work, out, run });
    for (const entry of readdirSync(kept)) {
      const older =
        entry.startsWith(`${name}-`) && /^[0-9a-f]{12}$/.test(entry.slice(name.length + 1));
      if (older) rmSync(path.join(kept, entry), { recursive: true, force: true });
    }
    renameSync(out, done);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return built;
}

const TOOLS = {
  go: ['go'],
  javascript: ['npm'],
  typescript: ['npm'],
  java: ['mvn'],
} as const;

const BUILDERS: Readonly<Record<Language, Builder>> = {
  go: buildGo,
  javascript: buildNode,
  typescript: buildNode,
  java: buildJava,
};

async function buildGo({ options, work, out, run }: Parameters<Builder>[0]): Promise<void> {
  const env = { GOOS: 'linux', GOARCH: options.arch, GOWORK: 'off', GOFLAGS: '', CGO_ENABLED: '0' };
  const go = (...args: string[]) => runTool(['go', ...args], { ...run, cwd: work, env });
  if (!existsSync(path.join(work, 'vendor'))) await go('mod', 'vendor');
  serveInsteadOfDialling(work);
  const program = path.join(out, 'chaincode');
  await go(
    'build',
    '-mod=vendor',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    '-s -w',
    '-o',
    program,
    '.',
  );
  await dockerfile(out, 'COPY chaincode /usr/local/bin/chaincode', [
    'USER 1000',
    'ENTRYPOINT ["chaincode"]',
  ]);
}

async function buildNode({ options, work, out, run }: Parameters<Builder>[0]): Promise<void> {
  const npm = (...args: string[]) => runTool(['npm', ...args], { ...run, cwd: work });
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const locked = ['package-lock.json', 'npm-shrinkwrap.json'].some((file) =>
    existsSync(path.join(work, file)),
  );
  const compiled = options.language === 'typescript';
  const install = locked ? ['ci'] : ['install', '--no-package-lock'];
  await npm(...install, ...(compiled ? ['--include=dev'] : ['--omit=dev']), ...quiet);
  if (compiled) {
    const started = Date.now();
    await npm('run', 'build').catch((error: unknown) => {
      const entry = writtenInSpite(error, work, started);
      if (entry === undefined) throw error;
      options.notice(
        `chaincode ${options.name}: its build ended with errors and wrote ${entry}, which is served; look at ${options.log}`,
      );
    });
    await npm('prune', '--omit=dev', ...quiet);
  }
  cpSync(work, path.join(out, 'app'), { recursive: true, verbatimSymlinks: true });
  const start = startScript(work) ?? '';
  const contract = start === '' || /\bfabric-chaincode-node\s+start\b/.test(start);
  if (!contract) await writeFile(path.join(out, 'app/.serve.cjs'), SERVE_SHIM);
  await dockerfile(out, 'WORKDIR /app\nCOPY app/ ./', [
    ...(contract
      ? []
      : ['ENV NODE_OPTIONS="--require /app/.serve.cjs" PATH=/app/node_modules/.bin:$PATH']),
    'USER 1000',
    contract
      ? 'ENTRYPOINT ["node", "node_modules/fabric-shim/cli.js", "server"]'
      : `ENTRYPOINT ${JSON.stringify(['sh', '-c', `exec ${start}`])}`,
  ]);
}

/** How the TypeScript compiler ends when it has found errors in types and has written its output all the same. */
const ERRORS_AND_OUTPUT = 2;

/**
 * The package's entry point, where a build failed that has written it. A chaincode with such errors runs on networks whose
 * scripts go on after them, as those of Fabric's samples do.
 */
function writtenInSpite(error: unknown, work: string, started: number): string | undefined {
  if (!(error instanceof ImageBuildError) || error.exitCode !== ERRORS_AND_OUTPUT) return undefined;
  const text = readFileSync(path.join(work, 'package.json'), 'utf8');
  const { main = 'index.js' } = JSON.parse(text) as { main?: string };
  const written = statSync(path.join(work, main), { throwIfNoEntry: false });
  return written && written.mtimeMs >= started ? main : undefined;
}

/** For chaincode that calls `shim.start` itself: it is served where it would have called the peer. */
const SERVE_SHIM = `const shim = require(require.resolve('fabric-shim', { paths: [__dirname] }));
const { readFileSync } = require('node:fs');
const { CHAINCODE_ID: ccid, CHAINCODE_SERVER_ADDRESS: address, CHAINCODE_TLS_KEY: key, CHAINCODE_TLS_CERT: cert } = process.env;
const tlsProps = key ? { key: readFileSync(key), cert: readFileSync(cert) } : undefined;
shim.start = (chaincode) => shim.server(chaincode, { ccid, address, tlsProps }).start();
`;

async function buildJava({ options, work, out, run }: Parameters<Builder>[0]): Promise<void> {
  const mvn = (...args: string[]) => runTool(['mvn', '-q', '-B', ...args], { ...run, cwd: work });
  await mvn('-DskipTests', 'package');
  const libs = path.join(out, 'libs');
  await mkdir(libs, { recursive: true });
  await mvn('dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${libs}`);
  const target = path.join(work, 'target');
  const jars = readdirSync(target)
    .filter(
      (file) => file.endsWith('.jar') && !/^original-|-(sources|javadoc|tests)\.jar$/.test(file),
    )
    .sort((a, b) => statSync(path.join(target, b)).size - statSync(path.join(target, a)).size);
  const [jar] = jars;
  if (!jar) {
    throw new UsageError([
      `--chaincode: ${options.folder}: expected a jar in target/ after mvn package, seen none`,
    ]);
  }
  cpSync(path.join(target, jar), path.join(out, 'chaincode.jar'));
  const pom = readFileSync(path.join(work, 'pom.xml'), 'utf8');
  const main =
    /<mainClass>\s*([\w.]+)\s*<\/mainClass>/.exec(pom)?.[1] ??
    'org.hyperledger.fabric.contract.ContractRouter';
  const java = ['java', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp'];
  await dockerfile(out, 'COPY libs/ /app/libs/\nCOPY chaincode.jar /app/', [
    'USER 1000',
    `ENTRYPOINT ${JSON.stringify([...java, '/app/chaincode.jar:/app/libs/*', main])}`,
  ]);
}

async function dockerfile(out: string, copy: string, rest: readonly string[]): Promise<void> {
  await writeFile(
    path.join(out, 'Dockerfile'),
    ['ARG PARENT', 'FROM $PARENT', copy, ...rest, ''].join('\n'),
  );
}

function copySources(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (file) => file === from || !LEFT_OUT.has(path.basename(file)),
  });
}

/** SHA-256 over parts and over the files of a folder, 12 digits. */
export function hashOf(folder: string, parts: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts));
  const visit = (relative: string): void => {
    for (const entry of readdirSync(path.join(folder, relative), { withFileTypes: true }).sort(
      byName,
    )) {
      if (LEFT_OUT.has(entry.name)) continue;
      const file = path.posix.join(relative, entry.name);
      if (entry.isDirectory()) visit(file);
      else if (entry.isFile()) {
        const content = readFileSync(path.join(folder, file));
        hash.update(JSON.stringify([file, content.length])).update(content);
      }
    }
  };
  visit('');
  return hash.digest('hex').slice(0, 12);
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) =>
  a.name < b.name ? -1 : 1;
