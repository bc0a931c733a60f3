import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GoldenBuilder } from './builder.ts';
import { isNetworkImage, OFFICIAL, type StepName } from './catalogue.ts';
import { packContext, packRootfs } from './context.ts';
import { buildImage, follow, hasImage, importImage, saveImages } from './engine-images.ts';
import { lanes, once } from './lanes.ts';
import { goldenVolumes, type Manifest, outerImages, writeMarker } from './manifest.ts';
import type { AnyImageName, GoldenImage, ImageName, ImageOptions, ImageState } from './model.ts';
import { contextOf, type ImagePlan, type PlannedImage } from './plan.ts';
import { canHave, pull, RegistryCache } from './registry.ts';
import { removeSuperseded } from './remove.ts';
import { removeTree, STEPS, stage } from './steps.ts';
import type { Files } from './tree.ts';
import { pinnedVersions, standIns } from './versions.ts';

export interface BuildRequest extends ImageOptions {
  /** The repository. */
  readonly root: string;
  readonly files: Files;
  readonly plan: ImagePlan;
  /** Names the staging folder: one for each engine, as the lock is. */
  readonly key: string;
}

/**
 * Makes what a plan lacks. The caller holds the lock.
 *
 * Host steps, images of the outer engine and images of the golden volume form one graph; each runs as soon as what it
 * needs is there, within the limits of {@link lanes}. The first failure stops the rest.
 */
export async function buildImages(request: BuildRequest): Promise<Manifest> {
  const failed = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, failed.signal]) : failed.signal;
  const work = new Build({ ...request, signal });
  try {
    return await work.run();
  } catch (error) {
    failed.abort(error);
    await work.abandon();
    request.signal?.throwIfAborted();
    throw error;
  }
}

class Build {
  readonly #r: BuildRequest;
  readonly #lanes = lanes();
  readonly #logs: string;
  readonly #staging: string;
  readonly #registry: RegistryCache | undefined;
  readonly #made: string[] = [];
  #present: ReadonlySet<string> = new Set();
  #seed: string | undefined;
  /** Tags that the golden volume holds before anything is built into it. */
  #held: Promise<ReadonlySet<string>> = Promise.resolve(new Set());

  constructor(request: BuildRequest) {
    this.#r = request;
    this.#logs = path.join(request.cacheDir, 'logs');
    this.#staging = path.join(request.cacheDir, `staging-${request.key}`);
    mkdirSync(this.#logs, { recursive: true });
    mkdirSync(this.#staging, { recursive: true });
    this.#registry = request.registry
      ? new RegistryCache(request.docker, request.registry, (text) => request.onNotice?.(text))
      : undefined;
  }

  async run(): Promise<Manifest> {
    const { docker, plan } = this.#r;
    const images = await outerImages(docker);
    this.#present = new Set(images.map(({ tag }) => tag));
    const volumes = await goldenVolumes(docker);
    this.#seed = [...images]
      .sort((a, b) => b.created - a.created)
      .map(({ manifest }) => manifest?.goldenVolume)
      .find((volume) => volume && volume !== plan.goldenVolume && volumes.has(volume));
    // an empty volume needs no look into it: the compilers can start at once
    const empty = !volumes.has(plan.goldenVolume) && !this.#seed && !this.#registry;
    this.#held = empty ? Promise.resolve(new Set()) : this.#look();
    await Promise.all([
      this.#outer('reaper'),
      this.#builder(),
      ...[...plan.images.values()]
        .filter(({ image }) => isNetworkImage(image))
        .map(({ image }) => this.#golden(image)),
    ]);
    return this.#finish();
  }

  /** After a failure: waits for what still runs, and leaves no container. */
  async abandon(): Promise<void> {
    await (this.#started ? this.#started.then((builder) => builder.kill()) : undefined)?.catch(
      () => {},
    );
  }

  async #finish(): Promise<Manifest> {
    const { docker, plan, files } = this.#r;
    const builder = await this.#builder();
    const network = [...plan.images.values()].filter(({ image }) => isNetworkImage(image));
    const inside = [...plan.images.values()].filter(({ image }) => image !== 'node');
    await builder.keepOnly(new Set(inside.map(({ tag }) => tag)));
    const versions = {
      ...pinnedVersions(files, plan.variants),
      java: await builder.run(this.#planned('kafka').tag, [
        ...['dpkg-query', '-W', '-f', `\${Version}`, 'openjdk-21-jre-headless'],
      ]),
      docker: await builder.engineVersion(),
    };
    const manifest: Manifest = {
      base: this.#planned('base').tag,
      node: this.#planned('node').tag,
      reaper: this.#planned('reaper').tag,
      goldenVolume: plan.goldenVolume,
      goldenSize: await builder.size(),
      images: Object.fromEntries(
        await Promise.all(
          network.map(async ({ image, tag }) => [image, await builder.inspect(tag)]),
        ),
      ) as Record<ImageName, GoldenImage>,
      standIns: standIns(plan.variants, versions),
      versions,
    };
    await this.#push(builder);
    await builder.stop();
    await writeMarker(docker, plan.marker, manifest);
    await removeSuperseded(docker, plan);
    await removeTree(this.#staging);
    return manifest;
  }

  // --- host steps

  readonly #step = once((name: StepName) =>
    this.#lanes[STEPS[name].lane](() =>
      this.#timed(STEPS[name].title, 'building', () =>
        stage(name, this.#r.plan.stepHashes.get(name) as string, this.#staging, {
          root: this.#r.root,
          arch: this.#r.plan.arch,
          debianMirror: this.#r.debianMirror,
          run: {
            image: STEPS[name].title,
            log: this.#log(name),
            signal: this.#r.signal,
          },
        }),
      ),
    ),
  );

  async #context({ image, steps }: PlannedImage) {
    const staged = await Promise.all(steps.map((step) => this.#step(step)));
    return () =>
      packContext({
        folder: path.join(this.#r.root, 'fixtures/images', image),
        files: contextOf(image, this.#r.files).map(([file]) => file),
        staged,
      });
  }

  // --- outer engine

  readonly #outer = once(async (image: AnyImageName): Promise<string> => {
    const planned = this.#planned(image);
    const { signal } = this.#r;
    if (this.#present.has(planned.tag)) {
      this.#tell(image, 'present');
      return planned.tag;
    }
    if (this.#registry) {
      const registry = this.#registry;
      if (await this.#timed(image, 'pulling', () => registry.pull(planned.tag, signal))) {
        return planned.tag;
      }
    }
    if (image === 'base') await this.#makeBase(planned);
    else await this.#makeOuter(planned, planned.parent ? this.#outer(planned.parent) : undefined);
    this.#made.push(planned.tag);
    return planned.tag;
  });

  async #makeOuter(planned: PlannedImage, parent: Promise<string> | undefined): Promise<void> {
    const { docker, labels, signal } = this.#r;
    const context =
      planned.image === 'base'
        ? () =>
            packContext({
              folder: path.join(this.#r.root, 'fixtures/images/base'),
              files: ['Dockerfile'],
              staged: [],
            })
        : await this.#context(planned);
    const tag = await parent;
    await this.#lanes.build(() =>
      this.#timed(planned.image, 'building', () =>
        buildImage(docker, {
          image: planned.image,
          tag: planned.tag,
          parent: tag,
          context: context(),
          log: this.#log(planned.image),
          labels: labels ?? {},
          signal,
        }),
      ),
    );
  }

  async #makeBase(planned: PlannedImage): Promise<void> {
    const { docker, signal } = this.#r;
    const had = await hasImage(docker, OFFICIAL.base);
    if (had || (await canHave(docker, OFFICIAL.base))) {
      if (!had)
        await this.#timed('base', 'pulling', () => pull(docker, OFFICIAL.base, undefined, signal));
      await this.#makeOuter(planned, Promise.resolve(OFFICIAL.base));
      if (!had)
        await docker
          .getImage(OFFICIAL.base)
          .remove()
          .catch(() => {});
      return;
    }
    const output = await this.#step('rootfs');
    await this.#timed('base', 'building', () =>
      importImage(
        docker,
        planned.tag,
        packRootfs(path.join(output, 'root')),
        ['CMD ["bash"]'],
        signal,
      ),
    );
  }

  // --- golden volume

  #started: Promise<GoldenBuilder> | undefined;

  #builder(): Promise<GoldenBuilder> {
    this.#started ??= this.#outer('node').then((image) =>
      GoldenBuilder.start({
        docker: this.#r.docker,
        image,
        mode: this.#r.mode,
        volume: this.#r.plan.goldenVolume,
        seed: this.#seed,
        labels: this.#r.labels ?? {},
        signal: this.#r.signal,
      }),
    );
    return this.#started;
  }

  /** Tags inside, after the registry has given what it has: in one stream, so that shared layers travel once. */
  async #look(): Promise<ReadonlySet<string>> {
    const { docker, plan, signal } = this.#r;
    const builder = await this.#builder();
    const tags = await builder.tags();
    if (!this.#registry) return tags;
    const registry = this.#registry;
    const missing = [...plan.images.values()].filter(
      ({ image, tag, reference }) => isNetworkImage(image) && !tags.has(tag) && !reference,
    );
    const pulled: string[] = [];
    await Promise.all(
      missing.map(({ image, tag }) =>
        this.#lanes.fetch(async () => {
          const got = await this.#timed(image, 'pulling', () => registry.pull(tag, signal));
          if (got) pulled.push(tag);
        }),
      ),
    );
    if (pulled.length > 0) {
      await this.#handOver(builder, pulled);
      for (const tag of pulled) await docker.getImage(tag).remove();
    }
    return new Set([...tags, ...pulled]);
  }

  readonly #golden: (image: AnyImageName) => Promise<void> = once(async (image) => {
    const planned = this.#planned(image);
    if ((await this.#held).has(planned.tag)) {
      this.#tell(image, 'present');
      return;
    }
    if (planned.reference) return this.#takeOfficial(planned, planned.reference);
    if (image === 'base') {
      const tag = await this.#outer('base');
      return this.#handOver(await this.#builder(), [tag]);
    }
    const [context] = await Promise.all([
      this.#context(planned),
      ...(planned.parent ? [this.#golden(planned.parent)] : []),
    ]);
    const builder = await this.#builder();
    await this.#lanes.build(() =>
      this.#timed(image, 'building', () =>
        builder.build({
          image,
          tag: planned.tag,
          parent: planned.parent ? this.#planned(planned.parent).tag : undefined,
          context: context(),
          log: this.#log(image),
        }),
      ),
    );
    this.#made.push(planned.tag);
  });

  async #takeOfficial({ image, tag }: PlannedImage, reference: string): Promise<void> {
    const { docker, signal } = this.#r;
    const had = await hasImage(docker, reference);
    if (!had) {
      await this.#lanes.fetch(() =>
        this.#timed(image, 'pulling', () => pull(docker, reference, undefined, signal)),
      );
    }
    const builder = await this.#builder();
    await this.#handOver(builder, [reference]);
    await builder.tag(reference, tag);
    if (!had)
      await docker
        .getImage(reference)
        .remove()
        .catch(() => {});
  }

  /** Streams images of the outer engine into the golden volume. */
  async #handOver(builder: GoldenBuilder, names: readonly string[]): Promise<void> {
    const images = await saveImages(this.#r.docker, names);
    await builder.load(images, this.#log('load'));
  }

  /** Gives the registry what was built: first what the outer engine has, then what the golden volume has. */
  async #push(builder: GoldenBuilder): Promise<void> {
    const { docker, plan, signal } = this.#r;
    const registry = this.#registry;
    if (!registry || this.#made.length === 0) return;
    const inside = [...plan.images.values()].filter(
      ({ tag, place }) => place === 'golden' && this.#made.includes(tag),
    );
    if (inside.length > 0) {
      await docker
        .loadImage(builder.save(inside.map(({ tag }) => tag)) as never)
        .then((stream) => follow(docker, stream, this.#log('push'), signal));
    }
    for (const tag of this.#made) {
      await this.#timed(`push ${tag.slice(tag.indexOf('/') + 1)}`, 'pushing', () =>
        registry.push(tag, signal),
      );
    }
    for (const { tag } of inside) await docker.getImage(tag).remove({ force: true });
  }

  // --- telling

  #planned(image: AnyImageName): PlannedImage {
    return this.#r.plan.images.get(image) as PlannedImage;
  }

  #log(name: string): string {
    const file = path.join(this.#logs, `${name}.log`);
    writeFileSync(file, '');
    return file;
  }

  #tell(image: string, state: ImageState, seconds = 0): void {
    this.#r.onProgress?.({ image, state, seconds });
  }

  async #timed<T>(image: string, state: ImageState, work: () => Promise<T>): Promise<T> {
    this.#r.signal?.throwIfAborted();
    const started = performance.now();
    this.#tell(image, state);
    const result = await work();
    this.#tell(image, 'done', (performance.now() - started) / 1000);
    return result;
  }
}
