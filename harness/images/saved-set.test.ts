import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Duplex, PassThrough, Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { Manifest } from './manifest.ts';
import { loadSet, saveSet } from './saved-set.ts';

const OUTER = ['base', 'node', 'reaper'].map((name) => `fabric-swarm-harness/${name}:1`);
const [base = '', node = '', reaper = ''] = OUTER;
const MARKER = 'fabric-swarm-harness/golden:0123456789ab';
const VOLUME = 'fabric-swarm-harness-golden-0123456789ab';
const manifest = { goldenVolume: VOLUME, base, node, reaper } as Manifest;

const text = async (stream: Readable) => Buffer.concat(await stream.toArray()).toString();

/** Docker's frame around what a container prints on standard output. */
function frame(content: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 1;
  header.writeUInt32BE(Buffer.byteLength(content), 4);
  return Buffer.concat([header, Buffer.from(content)]);
}

/** An engine that holds images and volumes as texts. An image's archive is JSON of tag → content. */
class FakeEngine {
  readonly images = new Map<string, string>();
  readonly volumes = new Map<string, string>();
  tarExitCode = 0;

  get docker(): Docker {
    const modem = {
      followProgress: (stream: Readable, done: (error: Error | null) => void) => {
        stream.on('end', () => done(null)).resume();
      },
    };
    return {
      modem,
      listImages: async () =>
        [...this.images].map(([tag, content]) => ({
          Id: tag,
          RepoTags: [tag],
          Labels: tag === MARKER ? { 'io.fabric-swarm-harness.manifest': content } : {},
        })),
      listVolumes: async () => ({ Volumes: [...this.volumes.keys()].map((Name) => ({ Name })) }),
      getImages: async ({ names }: { names: string[] }) =>
        Readable.from([JSON.stringify(names.map((name) => [name, this.images.get(name)]))]),
      loadImage: async (content: Readable) => {
        for (const [tag, image] of JSON.parse(await text(content))) this.images.set(tag, image);
        return Readable.from([]);
      },
      createVolume: async ({ Name }: { Name: string }) => void this.volumes.set(Name, ''),
      getVolume: (name: string) => ({ remove: async () => void this.volumes.delete(name) }),
      createContainer: async (options: { Cmd: string[]; HostConfig: { Binds: string[] } }) =>
        this.#tar(options),
    } as unknown as Docker;
  }

  #tar({ Cmd, HostConfig }: { Cmd: string[]; HostConfig: { Binds: string[] } }) {
    const [volume = '', , mode] = (HostConfig.Binds[0] ?? '').split(':');
    const input = new PassThrough();
    const output = new PassThrough();
    let exit = (_: { StatusCode: number }) => {};
    const exited = new Promise<{ StatusCode: number }>((resolve) => {
      exit = resolve;
    });
    return {
      attach: async () => Duplex.from({ readable: output, writable: input }),
      wait: () => exited,
      start: async () => {
        if (Cmd.includes('--create') && mode === 'ro') {
          output.end(frame(this.volumes.get(volume) ?? ''));
        } else {
          input.on('data', (chunk: Buffer) => {
            this.volumes.set(volume, `${this.volumes.get(volume)}${chunk}`);
            exit({ StatusCode: this.tarExitCode }); // at the archive's own end
          });
          return;
        }
        exit({ StatusCode: this.tarExitCode });
      },
      remove: async () => {},
    };
  }
}

describe('a saved set of images', () => {
  let folder: string;
  let one: FakeEngine;
  let other: FakeEngine;
  beforeEach(() => {
    folder = path.join(mkdtempSync(path.join(tmpdir(), 'saved-set-')), 'set');
    one = new FakeEngine();
    other = new FakeEngine();
    for (const tag of [...OUTER, 'fabric-swarm-harness/base:old']) one.images.set(tag, `of ${tag}`);
    one.images.set(MARKER, Buffer.from(JSON.stringify(manifest)).toString('base64'));
    one.volumes.set(VOLUME, 'a store');
  });
  afterEach(() => rmSync(path.dirname(folder), { recursive: true }));

  const save = () => saveSet({ docker: one.docker, folder }, manifest);
  const load = () => loadSet({ docker: other.docker, folder });

  it('gives another engine its images and the golden volume, and nothing else', async () => {
    expect(await save()).toBeGreaterThan(0);
    expect(await load()).toBe(true);
    expect(other.volumes).toEqual(one.volumes);
    one.images.delete('fabric-swarm-harness/base:old');
    expect(other.images).toEqual(one.images);
  });

  it('leaves an engine that has it as it is', async () => {
    await save();
    await load();
    other.volumes.set(VOLUME, 'used meanwhile');
    expect(await load()).toBe(false);
    expect(other.volumes.get(VOLUME)).toBe('used meanwhile');
  });

  it('replaces a volume that an interrupted load or build has left', async () => {
    await save();
    other.volumes.set(VOLUME, 'half');
    expect(await load()).toBe(true);
    expect(other.volumes.get(VOLUME)).toBe('a store');
  });

  it('leaves neither volume nor marker when the volume cannot be filled', async () => {
    await save();
    other.tarExitCode = 2;
    await expect(load()).rejects.toThrow(`volume ${VOLUME}: expected tar --extract to succeed`);
    expect(other.volumes.size).toBe(0);
    expect(other.images.has(MARKER)).toBe(false);
  });

  it('is not left half written', async () => {
    one.tarExitCode = 2;
    await expect(save()).rejects.toThrow('expected tar --create . to succeed');
    expect(readdirSync(path.dirname(folder))).toEqual([]);
  });

  it('is missed with what is expected', async () => {
    await expect(load()).rejects.toThrow(`${folder}: expected a set of images`);
  });
});
