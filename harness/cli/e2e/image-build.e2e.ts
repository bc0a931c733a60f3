import { appendFileSync, cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { projectFolder } from '../../base/project.ts';
import { waitFor } from '../../base/wait.ts';
import { startProgram, succeed, temporaryFolder } from './support/command.ts';
import { processesOf, testEngine } from './support/engine.ts';

/** Tells a build's container apart: a golden volume's name and this ending. */
const ENDING = '-builder';

async function builders(docker: Docker): Promise<string[]> {
  const containers = await docker.listContainers({ all: true });
  return containers.map(({ Names }) => (Names[0] ?? '').slice(1)).filter((n) => n.endsWith(ENDING));
}

describe('a build of images that is ended leaves no container:', () => {
  let docker: Docker;
  const volumes = new Set<string>();
  const tree = temporaryFolder();
  beforeAll(async () => {
    docker = await testEngine();
    await succeed(['images']);
    // The project with one image that is not there yet, so that this one is built and all others are taken over.
    for (const part of ['package.json', 'harness', 'fixtures']) {
      cpSync(path.join(projectFolder, part), path.join(tree.path, part), { recursive: true });
    }
    symlinkSync(path.join(projectFolder, 'node_modules'), path.join(tree.path, 'node_modules'));
    const dockerfile = path.join(tree.path, 'fixtures/images/mongo-express/Dockerfile');
    appendFileSync(dockerfile, `\nLABEL e2e=${Date.now()}\nRUN sleep 20\n`);
  });
  afterAll(async () => {
    for (const volume of volumes) await docker.getVolume(volume).remove();
    tree[Symbol.dispose]();
  });

  const bin = path.join(tree.path, 'harness/cli/bin.js');

  it.each([
    ['SIGKILL', 'its engine starts', 0],
    ['SIGKILL', 'it builds', 12],
    ['SIGINT', 'it builds', 12],
  ] as const)('%s while %s', async (signal, _, seconds) => {
    const others = new Set(await builders(docker));
    const build = startProgram([process.execPath, bin, 'images'], { cwd: tree.path });
    const own = await waitFor(
      { subject: 'harness images', expected: 'a builder', budgetMs: 120_000, intervalMs: 50 },
      async () => {
        const [name] = (await builders(docker)).filter((builder) => !others.has(builder));
        return name;
      },
    );
    volumes.add(own.slice(0, -ENDING.length));
    const moment = performance.now() + seconds * 1000;
    await waitFor({ subject: 'time', expected: 'the moment', budgetMs: 60_000 }, () =>
      performance.now() >= moment ? true : undefined,
    );
    expect(await builders(docker)).toContain(own);
    process.kill(signal === 'SIGINT' ? -build.pid : build.pid, signal);
    const killed = performance.now();
    const outcome = await build.ended;
    if (signal === 'SIGINT') expect(outcome.code).toBe(130);
    await waitFor(
      { subject: own, expected: 'neither container nor process', budgetMs: 30_000 },
      async () => {
        const left = [
          ...(await builders(docker)).filter((name) => name === own),
          ...processesOf(build.pid),
        ];
        if (left.length > 0) throw new Error(left.join(', '));
        return true;
      },
    );
    const took = ((performance.now() - killed) / 1000).toFixed(1);
    console.log(
      `${signal} after ${seconds} s: gone ${took} s later; was: ${outcome.stderr.trim()}`,
    );
  });
});
