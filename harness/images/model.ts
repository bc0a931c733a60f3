import type Docker from 'dockerode';
import type { NodeMode } from '../engine/mode.ts';

/** The images that components of the network run, by the name under which they are built. */
export const NETWORK_IMAGES = [
  'fabric',
  'fabric-3',
  'fabric-ca',
  'zookeeper',
  'kafka',
  'couchdb',
  'mongo',
  'mongo-express',
  'bank',
  'api',
] as const;
export type ImageName = (typeof NETWORK_IMAGES)[number];

/** Layers that network images share; never run by themselves. */
export type LayerName = 'base' | 'jvm' | 'kafka-libs' | 'nodejs';
/** Images of the outer engine: the machines and the reaper, and the base that the machine's image stands on. */
export type OuterImageName = 'base' | 'node' | 'reaper';
export type AnyImageName = ImageName | LayerName | OuterImageName;

/** Which of two implementations an image holds: the original, or the one built from package registries. */
export type Variant = 'official' | 'compatible';
export interface Variants {
  readonly couchdb: Variant;
  readonly mongo: Variant;
  /** Whether Fabric 3 is there as well: it takes two minutes to compile, and only some networks want it. */
  readonly fabric3: boolean;
}
/** Images that a stand-in may replace. */
export type Replaceable = 'couchdb' | 'mongo';
export type Choice = Variant | 'auto';

/** An image inside the golden volume. */
export interface GoldenImage {
  readonly tag: string;
  readonly id: string;
  /** Bytes, with all layers; layers are shared, so these don't add up. */
  readonly size: number;
}

/** All that a network needs, present. */
export interface ImageSet {
  /** Tags in the outer engine. */
  readonly base: string;
  readonly node: string;
  readonly reaper: string;
  /** Named volume of the outer engine to mount read-only at `/golden` in each machine. */
  readonly goldenVolume: string;
  /** Bytes of the golden volume on disk. */
  readonly goldenSize: number;
  readonly images: Readonly<Partial<Record<ImageName, GoldenImage>>>;
  /** What stands in for the original where that could not be had; empty if nothing does. */
  readonly standIns: Readonly<Partial<Record<Replaceable, string>>>;
  readonly versions: Readonly<Record<string, string>>;
  /** Seconds that {@link ImageSet} took to provide. */
  readonly seconds: number;
}

export type ImageState = 'present' | 'pulling' | 'building' | 'pushing' | 'done';

/** What happens to an image or to one of the steps on the host that it is made from, such as `compile fabric`. */
export interface ImageEvent {
  readonly image: string;
  readonly state: ImageState;
  /** Seconds that it took so far; 0 at the start. */
  readonly seconds: number;
}

export interface ImageOptions {
  readonly docker: Docker;
  readonly mode: NodeMode;
  /** Folder for logs and for what a build stages; the images themselves live in the engine. */
  readonly cacheDir: string;
  /** `host/path` of a registry to pull from before a build and to push to after one. */
  readonly registry?: string | undefined;
  readonly couchdb: Choice;
  readonly mongo: Choice;
  /** Whether Fabric 3 is needed; a set that has it serves those who don't, too. */
  readonly fabric3: boolean;
  readonly debianMirror?: string | undefined;
  /** On the containers that a build needs, so that a reaper can find them. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly onProgress?: ((event: ImageEvent) => void) | undefined;
  /** A sentence for the user: a registry that doesn't answer, another process that builds. */
  readonly onNotice?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An image could not be made. */
export class ImageBuildError extends Error {
  /** Of the tool that failed, where it ended by itself. */
  readonly exitCode: number | undefined;

  /**
   * @param image what was being made
   * @param seen how it ended, e.g. `exit code 1`
   * @param lastLines the end of its output
   * @param logFile where all of it is
   */
  constructor(
    image: string,
    seen: string,
    lastLines: readonly string[],
    logFile: string,
    exitCode?: number,
  ) {
    super(
      `image ${image}: expected a build, got ${seen}; its last lines:\n` +
        `${lastLines.map((line) => `  ${line}`).join('\n')}\nall of it: ${logFile}`,
    );
    this.name = 'ImageBuildError';
    this.exitCode = exitCode;
  }
}
