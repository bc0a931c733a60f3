import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { CACHE_LABEL } from './labels.ts';
import { probeNodeMode } from './mode.ts';

const answer = (statusCode: number, message: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) ${message}`), { statusCode });

/** What an engine says that came as far as looking the command up. */
const NO_COMMAND = answer(
  400,
  'OCI runtime create failed: runc create failed: unable to start container process: ' +
    'exec: "/none": stat /none: no such file or directory: unknown',
);
/** What one says that has not the capabilities itself, such as 20.10 without SYS_RESOURCE. */
const NO_CAPABILITY = answer(
  400,
  'OCI runtime create failed: container_linux.go:380: starting container process caused: ' +
    'process_linux.go:545: container init caused: apply caps: operation not permitted: unknown',
);
const POLICY = answer(
  403,
  'authorization denied by plugin policy: privileged containers are not allowed',
);

interface Image {
  readonly name: string;
  readonly size: number;
  /** Seconds ago. */
  readonly age: number;
}

/** An engine that keeps containers and images, as far as the probe asks for them. */
class FakeEngine {
  readonly images: Image[] = [];
  readonly containers = new Set<string>();
  readonly created: Docker.ContainerCreateOptions[] = [];
  /** Failures of the calls of these names. */
  failures: Partial<Record<'import' | 'create' | 'start' | 'remove', Error>> = {};

  readonly docker = {
    importImage: async (tar: Readable, options: { repo: string; tag: string; changes: string }) => {
      for await (const _ of tar); // an engine reads all of it before it answers
      if (this.failures.import) throw this.failures.import;
      expect(options.changes).toBe(`LABEL ${CACHE_LABEL}=true`);
      this.images.push({ name: `${options.repo}:${options.tag}`, size: 0, age: 0 });
      return Readable.from(['{"status":"sha256:0"}']);
    },
    createContainer: async (options: Docker.ContainerCreateOptions) => {
      if (this.failures.create) throw this.failures.create;
      expect(this.images.map(({ name }) => name)).toContain(options.Image);
      this.created.push(options);
      const image = options.Image ?? '';
      this.containers.add(image);
      return {
        start: async () => {
          if (this.failures.start) throw this.failures.start;
        },
        remove: async () => {
          if (this.failures.remove) throw this.failures.remove;
          this.containers.delete(image);
        },
        wait: async () => this.containers.delete(image),
      };
    },
    getImage: (name: string) => ({
      remove: async () => {
        if (this.containers.has(name)) throw new Error(`${name}: removed before its container`);
        const index = this.images.findIndex((image) => image.name === name);
        if (index < 0) throw answer(404, 'no such image');
        this.images.splice(index, 1);
      },
    }),
    listImages: async () =>
      this.images.map(({ name, size, age }) => ({
        Id: name,
        RepoTags: name.startsWith('sha256:') ? null : [name],
        Size: size,
        Created: Date.now() / 1000 - age,
      })),
  } as unknown as Docker;

  /** What the probe has left. */
  get left(): readonly string[] {
    return [...this.containers, ...this.images.map(({ name }) => name)];
  }
}

describe('probeNodeMode', () => {
  let engine: FakeEngine;
  beforeEach(() => {
    engine = new FakeEngine();
  });

  it('asks for a privileged container that the engine removes should this process be killed', async () => {
    engine.failures.start = NO_COMMAND;
    await probeNodeMode(engine.docker);
    expect(engine.created[0]?.HostConfig).toEqual({
      Privileged: true,
      NetworkMode: 'none',
      AutoRemove: true,
    });
  });

  it.each([
    ['it came as far as the missing command', { start: NO_COMMAND }, 'privileged'],
    ['it started', {}, 'privileged'],
    ['capabilities cannot be applied', { start: NO_CAPABILITY }, 'caps'],
    ['a policy refuses the start', { start: POLICY }, 'caps'],
    ['a policy refuses the container', { create: POLICY }, 'caps'],
  ] as const)('if %s: leaves nothing and says so', async (_, failures, mode) => {
    engine.failures = failures;
    expect(await probeNodeMode(engine.docker)).toBe(mode);
    expect(engine.left).toEqual([]);
  });

  it.each([
    ['the connection broke at the start', { start: new Error('socket hang up') }],
    ['the container could not be made', { create: answer(500, 'no space left on device') }],
    ['the image could not be imported', { import: answer(500, 'no space left on device') }],
  ])('if %s: passes the error on and leaves nothing', async (_, failures) => {
    engine.failures = failures;
    await expect(probeNodeMode(engine.docker)).rejects.toBe(Object.values(failures)[0]);
    expect(engine.left).toEqual([]);
  });

  it('waits for the container that the engine is removing before it removes the image', async () => {
    engine.failures = { start: NO_COMMAND, remove: answer(409, 'removal is already in progress') };
    await probeNodeMode(engine.docker);
    expect(engine.left).toEqual([]);
  });

  it('removes what killed probes have left, and nothing of those that run', async () => {
    const others = [
      { name: 'fabric-swarm-harness/probe:running', size: 0, age: 5 },
      { name: 'sha256:running', size: 0, age: 5 },
      { name: 'sha256:with-content', size: 1, age: 9000 },
      { name: 'fabric-swarm-harness/golden:marker', size: 0, age: 9000 },
    ];
    engine.images.push(
      { name: 'fabric-swarm-harness/probe:empty', size: 0, age: 9000 },
      { name: 'sha256:nameless', size: 0, age: 9000 },
      ...others,
    );
    engine.failures.start = NO_COMMAND;
    await probeNodeMode(engine.docker);
    expect(engine.left).toEqual(others.map(({ name }) => name));
  });

  it('two at once do not take the image from each other', async () => {
    engine.failures.start = NO_CAPABILITY;
    const modes = await Promise.all([probeNodeMode(engine.docker), probeNodeMode(engine.docker)]);
    expect(modes).toEqual(['caps', 'caps']);
    expect(engine.left).toEqual([]);
  });
});
