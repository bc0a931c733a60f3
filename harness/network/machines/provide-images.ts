import type { Progress, StepRecord } from '../../base/progress.ts';
import type { Settings } from '../../base/settings.ts';
import { connectEngine, type Engine } from '../../engine/engine.ts';
import { type NodeMode, probeNodeMode } from '../../engine/mode.ts';
import { ensureImages } from '../../images/ensure.ts';
import type { ImageSet } from '../../images/model.ts';
import { wantsFabric3 } from '../../topology/releases.ts';
import type { Topology } from '../../topology/schema.ts';

/** An engine and all images. */
export async function provideImages(options: {
  readonly settings: Settings;
  readonly topology: Topology;
  readonly progress: Progress & { readonly steps: readonly StepRecord[] };
  readonly signal: AbortSignal;
  /** Which engine is meant; that of this process unless told. */
  readonly env?: NodeJS.ProcessEnv;
}): Promise<{ engine: Engine; mode: NodeMode; images: ImageSet }> {
  const { settings, progress, signal, env = process.env } = options;
  const engine = await progress.step('reach a Docker engine', () =>
    connectEngine(settings, env, progress.say),
  );
  // What testcontainers starts must be in the same engine.
  env.DOCKER_HOST = engine.host;
  const mode =
    settings.nodeMode === 'auto' ? await probeNodeMode(engine.docker) : settings.nodeMode;
  const images = await progress.step('images', (detail) =>
    ensureImages({
      docker: engine.docker,
      mode,
      cacheDir: settings.cacheDir,
      registry: settings.registry,
      couchdb: settings.couchdb,
      mongo: settings.mongodb,
      fabric3: wantsFabric3(options.topology),
      debianMirror: settings.debianMirror,
      signal,
      onNotice: progress.say,
      onProgress: imageProgress(progress, detail),
    }),
  );
  return { engine, mode, images };
}

/** A line when an image is done; meanwhile what is being worked on. */
function imageProgress(progress: Progress, detail: (text: string) => void) {
  const working = new Set<string>();
  return ({ image, state, seconds }: { image: string; state: string; seconds: number }) => {
    if (state === 'present') return;
    if (state === 'done') {
      working.delete(image);
      progress.say(`${image}  ${seconds.toFixed(1)} s`);
    } else working.add(image);
    detail([...working].join(', '));
  };
}
