import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import pLimit from 'p-limit';
import type { StepName } from './catalogue.ts';
import { concurrency, once } from './concurrency.ts';
import { packContext } from './context.ts';
import { requireTools } from './host-tools.ts';
import type { AnyImageName, ImageOptions, ImageState } from './model.ts';
import { contextOf, type ImagePlan, type PlannedImage } from './plan.ts';
import { removeTree, STEPS, stage } from './steps.ts';
import type { Files } from './tree.ts';

export interface BuildRequest extends ImageOptions {
  /** The repository. */
  readonly root: string;
  readonly files: Files;
  readonly plan: ImagePlan;
  /** Names the staging folder: one for each engine, as the lock is. */
  readonly key: string;
}

/** What the parts of a build share: the host steps, the limits of what runs at once, the logs, and how progress is told. */
export class BuildSession {
  readonly request: BuildRequest;
  readonly concurrency = concurrency();
  readonly #tools = pLimit(1);
  readonly #logs: string;
  readonly #staging: string;
  readonly #running = new Set<Promise<unknown>>();

  constructor(request: BuildRequest) {
    this.request = request;
    this.#logs = path.join(request.cacheDir, 'logs');
    this.#staging = path.join(request.cacheDir, `staging-${request.key}`);
    mkdirSync(this.#logs, { recursive: true });
    mkdirSync(this.#staging, { recursive: true });
  }

  planned(image: AnyImageName): PlannedImage {
    const planned = this.request.plan.images.get(image);
    if (!planned) throw new Error(`image ${image}: expected in the plan, is not`);
    return planned;
  }

  /** Runs a host step once, and gives the folder with its output. */
  readonly step = once(async (name: StepName) => {
    const { root, plan, debianMirror, signal, onNotice } = this.request;
    const { queue, title, tools } = STEPS[name];
    const run = { image: title, log: this.log(name), signal };
    // one at a time: apt locks itself
    await this.#tools(() => requireTools(tools, (text) => onNotice?.(text)));
    const hash = plan.stepHashes.get(name) as string;
    const context = { root, arch: plan.arch, debianMirror, run };
    return this.concurrency[queue](() =>
      this.timed(title, 'building', () => stage(name, hash, this.#staging, context)),
    );
  });

  /** A build's context once the host steps that it wants are done; packed when it is sent. */
  async context({ image, steps }: PlannedImage): Promise<() => Readable> {
    const staged = await Promise.all(steps.map((step) => this.step(step)));
    return () =>
      packContext({
        folder: path.join(this.request.root, 'fixtures/images', image),
        files: contextOf(image, this.request.files).map(([file]) => file),
        staged,
      });
  }

  /** A fresh log file. */
  log(name: string): string {
    const file = path.join(this.#logs, `${name}.log`);
    writeFileSync(file, '');
    return file;
  }

  tell(image: string, state: ImageState, seconds = 0): void {
    this.request.onProgress?.({ image, state, seconds });
  }

  /** Does a piece of work and tells its start and its end. */
  async timed<T>(image: string, state: ImageState, work: () => Promise<T>): Promise<T> {
    this.request.signal?.throwIfAborted();
    const started = performance.now();
    this.tell(image, state);
    const running = work();
    this.#running.add(running);
    try {
      const result = await running;
      this.tell(image, 'done', (performance.now() - started) / 1000);
      return result;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Waits, after an abort, until no piece of work is under way any more. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  /** Removes what was staged. */
  async tidy(): Promise<void> {
    await removeTree(this.#staging);
  }
}
