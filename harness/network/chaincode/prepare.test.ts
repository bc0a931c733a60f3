import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { parseOwnChaincode } from './own-chaincode.ts';
import { hashOfGiven, prepareChaincode } from './prepare.ts';

/** An engine with some images, whose registry answers nobody. */
function engine(images: Readonly<Record<string, { Architecture: string; Id: string }>>): Docker {
  return {
    version: async () => ({ Arch: 'amd64' }),
    getImage: (name: string) => ({
      inspect: async () => {
        const found = images[name];
        if (!found) throw Object.assign(new Error('no such image'), { statusCode: 404 });
        return found;
      },
    }),
    pull: async () => {
      throw new Error('Get "https://registry-1.docker.io/v2/": dial tcp: lookup x: no such host');
    },
  } as unknown as Docker;
}

let folder: string;
let cacheDir: string;
const notices: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'prepare-'));
  cacheDir = mkdtempSync(path.join(tmpdir(), 'prepare-cache-'));
  notices.length = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  rmSync(cacheDir, { recursive: true });
});

const file = (name: string, text: string) => writeFileSync(path.join(folder, name), text);

const prepare = (given: string, docker: Docker) =>
  prepareChaincode(parseOwnChaincode(given, 'asset'), {
    outer: docker,
    cacheDir,
    log: path.join(cacheDir, 'build.log'),
    notice: (text) => notices.push(text),
    signal: new AbortController().signal,
  });

describe('prepareChaincode', () => {
  it('names line and stage of an image that cannot be had, and what would serve', async () => {
    file('Dockerfile', 'FROM golang:1.26 AS builder\nRUN true\nFROM alpine:3\n');
    const prepared = prepare(folder, engine({}));
    await expect(prepared).rejects.toThrow(
      /Dockerfile, line 1, stage "builder": golang:1.26 cannot be had: .*no registry answers/,
    );
    await expect(prepared).rejects.toThrow(/line 3, stage 2: alpine:3/);
    await expect(prepared).rejects.toThrow(
      /what would serve: ARG NODE_IMAGE and FROM \$NODE_IMAGE/,
    );
  });

  it('stands on images of the engine and of the harness', async () => {
    file('Dockerfile', 'ARG NODE_IMAGE\nFROM alpine:3 AS tools\nFROM $NODE_IMAGE\n');
    const docker = engine({ 'alpine:3': { Architecture: 'amd64', Id: 'sha256:a' } });
    expect(await prepare(folder, docker)).toMatchObject({
      kind: 'dockerfile',
      parents: ['alpine:3'],
    });
  });

  describe('of TypeScript whose build ends with errors', () => {
    const { PATH } = process.env;
    // The real one asks the registry, whatever there is to install.
    beforeEach(() => {
      const npm = path.join(cacheDir, 'npm');
      writeFileSync(npm, '#!/bin/sh\n[ "$1" != run ] || exec sh -c "$(cat build.txt)"\n');
      chmodSync(npm, 0o755);
      process.env.PATH = `${cacheDir}:${PATH}`;
    });
    afterEach(() => {
      process.env.PATH = PATH;
    });
    const typescript = (build: string) => {
      file('build.txt', build);
      file('package.json', JSON.stringify({ main: 'dist/main.js' }));
      file('tsconfig.json', '{}');
    };
    const build = (code: number, last = '') =>
      `node -e "require('fs').mkdirSync('dist'); require('fs').writeFileSync('dist/main.js', ''); ${last}console.log('main.ts(1,1): error'); process.exit(${code})"`;

    it('serves what the compiler has written in spite of them, and says so', async () => {
      typescript(build(2));
      expect(await prepare(folder, engine({}))).toMatchObject({ kind: 'built' });
      expect(notices.join()).toMatch(
        /^chaincode asset: its build ended with errors and wrote dist\/main\.js, which is served/,
      );
    });

    it.each([
      ['when it wrote nothing', 'echo "main.ts(1,1): error"; exit 2'],
      [
        'when what is there is older',
        build(2, "require('fs').utimesSync('dist/main.js', 1000, 1000); "),
      ],
      ['when it ended otherwise', build(1)],
    ])('fails with its last lines %s', async (_, script) => {
      typescript(script);
      await expect(prepare(folder, engine({}))).rejects.toThrow(
        /exit code [12] from npm; its last lines:[\s\S]*main\.ts\(1,1\): error/,
      );
    });
  });

  it('refuses an image of another architecture, and one that nobody has', async () => {
    const docker = engine({ 'acme/asset:1': { Architecture: 'arm64', Id: 'sha256:a' } });
    await expect(prepare('acme/asset:1', docker)).rejects.toThrow(
      'image acme/asset:1: expected the architecture amd64 of this engine, seen arm64',
    );
    await expect(prepare('acme/other:1', docker)).rejects.toThrow(
      /image acme\/other:1: cannot be had: it is not in the engine/,
    );
  });
});

describe('hashOfGiven', () => {
  it('changes with the sources, and not with what package managers leave', async () => {
    file('package.json', '{}');
    const hash = () => hashOfGiven(parseOwnChaincode(folder, 'asset'), engine({}));
    const first = await hash();
    expect(first).toMatch(/^[0-9a-f]{12}$/);
    file('index.js', 'exports.contracts = [];');
    expect(await hash()).not.toBe(first);
  });

  it('is an image’s id', async () => {
    const docker = engine({
      'acme/asset:1': { Architecture: 'amd64', Id: 'sha256:0123456789abcdef' },
    });
    const hash = (image: string) => hashOfGiven(parseOwnChaincode(image, 'asset'), docker);
    expect(await hash('acme/asset:1')).toBe('0123456789ab');
    expect(await hash('acme/other:1')).toBeUndefined();
  });
});
