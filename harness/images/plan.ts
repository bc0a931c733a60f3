import { createHash } from 'node:crypto';
import { type Recipe, recipes, STEP_INPUTS, STEP_REVISION, type StepName } from './catalogue.ts';
import type { AnyImageName, Variants } from './model.ts';
import type { Files } from './tree.ts';

export const REPOSITORY = 'fabric-swarm-harness';

/** A recipe with the tag that its inputs give it. */
export interface PlannedImage extends Recipe {
  readonly hash: string;
  readonly tag: string;
}

export interface ImagePlan {
  readonly variants: Variants;
  /** Architecture as Docker and Go name it, e.g. `amd64`. */
  readonly arch: string;
  /** Parents before children. */
  readonly images: ReadonlyMap<AnyImageName, PlannedImage>;
  readonly stepHashes: ReadonlyMap<StepName, string>;
  /** Hash over everything inside the golden volume. */
  readonly goldenHash: string;
  readonly goldenVolume: string;
  /** Tag of the (empty) image in the outer engine that says: the golden volume is complete. */
  readonly marker: string;
}

/** Folders and files that {@link planImages} needs to see. */
export function planInputs(): readonly string[] {
  return ['fixtures/images', ...new Set(Object.values(STEP_INPUTS).flat())];
}

/**
 * Names every image by what goes into it, so that a tag that exists is the right one, and a changed file changes
 * exactly the tags of the images that depend on it. Pure.
 *
 * @param files content of all files under {@link planInputs}
 * @throws Error if an image's Dockerfile is not among the files
 */
export function planImages(files: Files, variants: Variants, arch: string): ImagePlan {
  const stepHashes = new Map<StepName, string>();
  for (const [step, inputs] of Object.entries(STEP_INPUTS) as [StepName, readonly string[]][]) {
    const chosen = [...files].filter(([file]) =>
      inputs.some((input) => file === input || file.startsWith(`${input}/`)),
    );
    stepHashes.set(step, digest([String(STEP_REVISION), arch], chosen));
  }
  const images = new Map<AnyImageName, PlannedImage>();
  for (const recipe of recipes(variants)) {
    const parts = [recipe.image, arch];
    if (recipe.reference !== undefined) {
      parts.push(recipe.reference);
    } else {
      parts.push(images.get(recipe.parent as AnyImageName)?.hash ?? 'scratch');
      for (const step of recipe.steps) parts.push(stepHashes.get(step) as string);
    }
    const context = recipe.reference === undefined ? contextOf(recipe.image, files) : [];
    const hash = digest(parts, context);
    images.set(recipe.image, { ...recipe, hash, tag: tagOf(recipe.image, hash) });
  }
  const goldenHash = digest(
    [...images.values()].filter(({ place }) => place === 'golden').map(({ tag }) => tag),
    [],
  );
  return {
    variants,
    arch,
    images,
    stepHashes,
    goldenHash,
    goldenVolume: `${REPOSITORY}-golden-${goldenHash}`,
    marker: tagOf('golden', goldenHash),
  };
}

/** Files of an image's own folder that Dockerfiles may copy: those directly in it. Sub-folders belong to steps. */
export function contextOf(
  image: AnyImageName,
  files: Files,
): readonly (readonly [string, Buffer])[] {
  const folder = `fixtures/images/${image}/`;
  const own = [...files].filter(
    ([file]) => file.startsWith(folder) && !file.slice(folder.length).includes('/'),
  );
  if (!own.some(([file]) => file === `${folder}Dockerfile`)) {
    throw new Error(`image ${image}: expected ${folder}Dockerfile, found none`);
  }
  return own;
}

export function tagOf(image: string, hash: string): string {
  return `${REPOSITORY}/${image}:${hash}`;
}

/** Twelve hexadecimal digits over texts and files, whatever order the files come in. */
function digest(parts: readonly string[], files: readonly (readonly [string, Buffer])[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts));
  for (const [file, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(JSON.stringify([file, content.length])).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}
