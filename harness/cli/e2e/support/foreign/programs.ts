import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectFolder } from '../../../../base/project.ts';

const run = promisify(execFile);
const FABRIC = 'github.com/hyperledger/fabric';
const NAMES = ['orderer', 'peer', 'configtxgen', 'cryptogen', 'osnadmin'] as const;

/** Fabric's own programs, and what runs beside them. */
export interface Programs {
  path(name: (typeof NAMES)[number]): string;
  /** Folder with core.yaml and orderer.yaml of the release. */
  readonly config: string;
  /** Folder with the bank chaincode and its packages. */
  readonly chaincode: string;
  /** A Node that runs TypeScript. */
  readonly node: string;
}

/** Compiles Fabric's programs of a release from Go's module cache, once a machine. */
export async function programs(release: '2.5' | '3.1'): Promise<Programs> {
  const folder = path.join(
    projectFolder,
    'fixtures/images',
    release === '2.5' ? 'fabric' : 'fabric-3',
  );
  const bin = await once(`fabric-${release}`, [path.join(folder, 'go.sum')], async (out) => {
    await go(folder, [
      ...['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w'],
      ...['-o', `${out}/`, ...NAMES.map((name) => `${FABRIC}/cmd/${name}`)],
    ]);
  });
  const module = await go(folder, ['list', '-mod=readonly', '-m', '-f', '{{.Dir}}', FABRIC]);
  const bank = path.join(projectFolder, 'fixtures/chaincode/bank');
  const chaincode = await once('bank', [path.join(bank, 'package-lock.json')], async (out) => {
    for (const name of ['package.json', 'package-lock.json']) {
      await cp(path.join(bank, name), path.join(out, name));
    }
    await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: out,
    });
    await cp(path.join(bank, 'src'), path.join(out, 'src'), { recursive: true });
  });
  return {
    path: (name) => path.join(bin, name),
    config: path.join(module.trim(), 'sampleconfig'),
    chaincode,
    node: path.join(projectFolder, `node_modules/node-linux-${process.arch}/bin/node`),
  };
}

async function go(cwd: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, GOWORK: 'off', GOFLAGS: '', CGO_ENABLED: '0' };
  const { stdout } = await run('nice', ['-n', '15', 'go', ...args], {
    cwd,
    env,
    maxBuffer: 1 << 26,
  });
  return stdout;
}

/** What `make` puts into a folder, kept for as long as these files stay as they are. */
async function once(
  name: string,
  inputs: readonly string[],
  make: (out: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(await readFile(file));
  const cache =
    process.env.HARNESS_CACHE_DIR ?? path.join(homedir(), '.cache/fabric-swarm-harness');
  const done = path.join(cache, 'e2e', `${name}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(done)) return done;
  const out = `${done}.${process.pid}`;
  await mkdir(out, { recursive: true });
  await make(out);
  await rename(out, done).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY') throw error;
    return rm(out, { recursive: true });
  });
  return done;
}
