import path from 'node:path';
import type { BuildSession } from './build-session.ts';
import { OFFICIAL } from './catalogue.ts';
import { once } from './concurrency.ts';
import { packContext, packRootfs } from './context.ts';
import { buildImage, hasImage, importImage } from './engine-images.ts';
import type { AnyImageName } from './model.ts';
import type { PlannedImage } from './plan.ts';
import { canHave, pull, type RegistryCache } from './registry.ts';

/** The images that the outer engine itself needs: the base, the machine and the reaper. */
export class OuterImages {
  readonly #session: BuildSession;
  readonly #present: ReadonlySet<string>;
  readonly #registry: RegistryCache | undefined;

  constructor(
    shop: BuildSession,
    present: ReadonlySet<string>,
    registry: RegistryCache | undefined,
  ) {
    this.#session = shop;
    this.#present = present;
    this.#registry = registry;
  }

  /** Makes sure of an image, once, and gives its tag. */
  readonly need: (image: AnyImageName) => Promise<string> = once(async (image) => {
    const planned = this.#session.planned(image);
    const { tag } = planned;
    if (this.#present.has(tag)) {
      this.#session.tell(image, 'present');
      return tag;
    }
    const { signal } = this.#session.request;
    const registry = this.#registry;
    if (registry) {
      const pulled = await this.#session.timed(image, 'pulling', () => registry.pull(tag, signal));
      if (pulled) return tag;
    }
    if (image === 'base') await this.#makeBase(planned);
    else await this.#make(planned);
    return tag;
  });

  async #make(planned: PlannedImage): Promise<void> {
    const [context, parent] = await Promise.all([
      this.#session.context(planned),
      planned.parent ? this.need(planned.parent) : undefined,
    ]);
    await this.#build(planned, context(), parent);
  }

  /** From the official image where there is one to be had, else from packages. */
  async #makeBase(planned: PlannedImage): Promise<void> {
    const { docker, signal, root } = this.#session.request;
    const had = await hasImage(docker, OFFICIAL.base);
    if (!had && !(await canHave(docker, OFFICIAL.base))) {
      const output = await this.#session.step('rootfs');
      const rootfs = path.join(output, 'root');
      await this.#session.timed('base', 'building', () =>
        importImage(docker, planned.tag, packRootfs(rootfs), ['CMD ["bash"]'], signal),
      );
      return;
    }
    if (!had) {
      await this.#session.timed('base', 'pulling', () =>
        pull(docker, OFFICIAL.base, undefined, signal),
      );
    }
    const folder = path.join(root, 'fixtures/images/base');
    const context = packContext({ folder, files: ['Dockerfile'], staged: [] });
    await this.#build(planned, context, OFFICIAL.base);
    if (!had) await forget(docker.getImage(OFFICIAL.base).remove());
  }

  async #build(
    { image, tag }: PlannedImage,
    context: ReturnType<typeof packContext>,
    parent: string | undefined,
  ): Promise<void> {
    const { docker, labels = {}, signal } = this.#session.request;
    const log = this.#session.log(image);
    await this.#session.concurrency.build(() =>
      this.#session.timed(image, 'building', () =>
        buildImage(docker, { image, tag, parent, context, log, labels, signal }),
      ),
    );
  }
}

/** Waits for something whose failure changes nothing, such as removing a name that is still in use. */
export async function forget(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}
