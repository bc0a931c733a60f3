import { type BuildRequest, BuildSession } from './build-session.ts';
import { GoldenBuilder } from './builder.ts';
import { isNetworkImage } from './catalogue.ts';
import { once } from './concurrency.ts';
import { follow, hasImage, saveImages } from './engine-images.ts';
import { goldenVolumes, type Manifest, outerImages, writeMarker } from './manifest.ts';
import type { AnyImageName, GoldenImage, ImageName } from './model.ts';
import { forget, OuterImages } from './outer-images.ts';
import type { PlannedImage } from './plan.ts';
import { pull, RegistryCache } from './registry.ts';
import { removeSuperseded } from './remove.ts';
import { pinnedVersions, standIns } from './versions.ts';

/**
 * Makes what a plan lacks. The caller holds the lock.
 *
 * Host steps, images of the outer engine and images of the golden volume form one graph; each runs as soon as what it
 * needs is there, within the limits of `concurrency`. The first failure stops the rest.
 */
export async function buildImages(request: BuildRequest): Promise<Manifest> {
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(request.signal ? [request.signal] : [])]);
  const build = await Build.prepare({ ...request, signal });
  try {
    return await build.run();
  } catch (error) {
    failed.abort(error);
    await build.abandon();
    request.signal?.throwIfAborted();
    throw error;
  }
}

class Build {
  readonly #session: BuildSession;
  readonly #registry: RegistryCache | undefined;
  readonly #outer: OuterImages;
  /** Our tags in the outer engine. */
  readonly #present: ReadonlySet<string>;
  /** Another golden volume, to start from. */
  readonly #seed: string | undefined;
  /** Tags that the golden volume holds before anything is built into it. */
  readonly #held: Promise<ReadonlySet<string>>;
  #started: Promise<GoldenBuilder> | undefined;

  static async prepare(request: BuildRequest): Promise<Build> {
    const images = await outerImages(request.docker);
    const volumes = await goldenVolumes(request.docker);
    const { goldenVolume } = request.plan;
    const seed = [...images]
      .sort((a, b) => b.created - a.created)
      .map(({ manifest }) => manifest?.goldenVolume)
      // what a failed build has finished serves as well, if there is nothing complete
      .concat([...volumes])
      .find((volume) => volume && volume !== goldenVolume && volumes.has(volume));
    const present = new Set(images.map(({ tag }) => tag));
    return new Build(request, present, seed, volumes.has(goldenVolume));
  }

  private constructor(
    request: BuildRequest,
    present: ReadonlySet<string>,
    seed: string | undefined,
    begun: boolean,
  ) {
    this.#session = new BuildSession(request);
    const notice = (text: string): void => request.onNotice?.(text);
    this.#registry = request.registry
      ? new RegistryCache(request.docker, request.registry, notice)
      : undefined;
    this.#outer = new OuterImages(this.#session, present, this.#registry);
    this.#present = present;
    this.#seed = seed;
    // an empty volume needs no look into it: the compilers can start at once
    this.#held = begun || seed || this.#registry ? this.#look() : Promise.resolve(new Set());
    this.#held.catch(() => {}); // seen by all that wait for it
  }

  async run(): Promise<Manifest> {
    await Promise.all([
      ...(['reaper', 'base'] as const).map((image) => this.#outer.need(image)),
      this.#builder(),
      ...this.#network().map(({ image }) => this.#golden(image)),
    ]);
    return this.#finish();
  }

  /** After a failure: waits for what still runs, and leaves no container. */
  async abandon(): Promise<void> {
    if (this.#started) await forget(this.#started.then((builder) => builder.kill()));
    await this.#session.idle();
  }

  #network(): readonly PlannedImage[] {
    return [...this.#session.request.plan.images.values()].filter(({ image }) =>
      isNetworkImage(image),
    );
  }

  #builder(): Promise<GoldenBuilder> {
    const { docker, mode, plan, labels = {}, signal } = this.#session.request;
    this.#started ??= this.#outer.need('node').then((image) =>
      GoldenBuilder.start({
        docker,
        image,
        mode,
        volume: plan.goldenVolume,
        seed: this.#seed,
        labels,
        signal,
      }),
    );
    return this.#started;
  }

  /** Tags inside, after the registry has given what it has: in one stream, so that shared layers travel once. */
  async #look(): Promise<ReadonlySet<string>> {
    const builder = await this.#builder();
    const tags = await builder.tags();
    const registry = this.#registry;
    if (!registry) return tags;
    const { docker, signal } = this.#session.request;
    const pulled: string[] = [];
    const fetch = async ({ image, tag }: PlannedImage): Promise<void> => {
      const got =
        this.#present.has(tag) || // an interrupted build had pulled it
        (await this.#session.timed(image, 'pulling', () => registry.pull(tag, signal)));
      if (got) pulled.push(tag);
    };
    const missing = this.#network().filter(({ tag, reference }) => !tags.has(tag) && !reference);
    await Promise.all(missing.map((image) => this.#session.concurrency.fetch(() => fetch(image))));
    if (pulled.length > 0) await this.#handOver(builder, pulled);
    for (const tag of pulled) await docker.getImage(tag).remove();
    return new Set([...tags, ...pulled]);
  }

  readonly #golden: (image: AnyImageName) => Promise<void> = once(async (image) => {
    const planned = this.#session.planned(image);
    const { tag, parent, reference } = planned;
    if ((await this.#held).has(tag)) {
      this.#session.tell(image, 'present');
      return;
    }
    if (reference) return this.#takeOfficial(planned, reference);
    if (image === 'base') {
      await this.#outer.need('base');
      return this.#handOver(await this.#builder(), [tag]);
    }
    const [context, builder] = await Promise.all([
      this.#session.context(planned),
      this.#builder(),
      parent ? this.#golden(parent) : undefined,
    ]);
    await this.#session.concurrency.build(() =>
      this.#session.timed(image, 'building', () =>
        builder.build({
          image,
          tag,
          parent: parent ? this.#session.planned(parent).tag : undefined,
          context: context(),
          log: this.#session.log(image),
        }),
      ),
    );
  });

  async #takeOfficial({ image, tag }: PlannedImage, reference: string): Promise<void> {
    const { docker, signal } = this.#session.request;
    const had = await hasImage(docker, reference);
    if (!had) {
      await this.#session.concurrency.fetch(() =>
        this.#session.timed(image, 'pulling', () => pull(docker, reference, undefined, signal)),
      );
    }
    const builder = await this.#builder();
    await this.#handOver(builder, [reference]);
    await builder.tag(reference, tag);
    if (!had) await forget(docker.getImage(reference).remove());
  }

  /** Streams images of the outer engine into the golden volume. */
  async #handOver(builder: GoldenBuilder, names: readonly string[]): Promise<void> {
    const images = await saveImages(this.#session.request.docker, names);
    await builder.load(images, this.#session.log('load'));
  }

  async #finish(): Promise<Manifest> {
    const { docker, plan } = this.#session.request;
    const builder = await this.#builder();
    const wanted = [...plan.images.values()].map(({ tag }) => tag);
    await builder.keepOnly(new Set(wanted));
    const manifest = await this.#manifest(builder);
    await this.#push(builder);
    await builder.stop();
    await writeMarker(docker, plan.marker, manifest);
    await removeSuperseded(docker, plan);
    await this.#session.tidy();
    return manifest;
  }

  async #manifest(builder: GoldenBuilder): Promise<Manifest> {
    const { plan, files } = this.#session.request;
    const tagOf = (image: AnyImageName): string => this.#session.planned(image).tag;
    const java = ['dpkg-query', '-W', '-f', `\${Version}`, 'openjdk-21-jre-headless'];
    const versions = {
      ...pinnedVersions(files, plan.variants),
      java: await builder.run(tagOf('kafka'), java),
      docker: await builder.engineVersion(),
    };
    const images = await Promise.all(
      this.#network().map(async ({ image, tag }) => [image, await builder.inspect(tag)]),
    );
    return {
      base: tagOf('base'),
      node: tagOf('node'),
      reaper: tagOf('reaper'),
      goldenVolume: plan.goldenVolume,
      goldenSize: await builder.size(),
      images: Object.fromEntries(images) as Record<ImageName, GoldenImage>,
      standIns: standIns(plan.variants, versions),
      versions,
    };
  }

  /** Gives the registry what it lacks. What lies in the golden volume passes through the outer engine. */
  async #push(builder: GoldenBuilder): Promise<void> {
    const { docker, plan, signal } = this.#session.request;
    const registry = this.#registry;
    if (!registry) return;
    const held = await builder.tags();
    const lacks = async (tags: readonly string[]): Promise<readonly string[]> => {
      const had = await Promise.all(tags.map((tag) => registry.has(tag)));
      return tags.filter((_, i) => !had[i]);
    };
    const planned = [...plan.images.values()].filter(({ reference }) => !reference);
    const tagsAt = (at: PlannedImage['place']): readonly string[] =>
      planned.filter(({ place }) => place === at).map(({ tag }) => tag);
    for (const tag of await lacks(tagsAt('outer'))) await this.#pushOne(registry, tag);
    if (!registry.takesPushes) return;
    const inside = await lacks(tagsAt('golden').filter((tag) => held.has(tag)));
    if (inside.length === 0) return;
    const loading = await docker.loadImage(await builder.save(inside));
    await follow(docker, loading, this.#session.log('push'), signal);
    for (const tag of inside) await this.#pushOne(registry, tag);
    for (const tag of inside) await docker.getImage(tag).remove();
  }

  async #pushOne(registry: RegistryCache, tag: string): Promise<void> {
    if (!registry.takesPushes) return;
    const name = tag.slice(tag.indexOf('/') + 1);
    const { signal } = this.#session.request;
    await this.#session.timed(name, 'pushing', () => registry.push(tag, signal));
  }
}
