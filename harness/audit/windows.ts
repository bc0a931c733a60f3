/** Something that happened at one height between two. */
export interface Windowed {
  readonly from: number;
  readonly to: number;
}

/**
 * Hands out, height by height, what may have happened there. Windows are as wide as the number of blocks that a peer
 * commits during one call: nearly always one or two.
 */
export class Windows<T extends Windowed> {
  readonly #waiting: T[];
  #open: T[] = [];

  constructor(items: readonly T[]) {
    this.#waiting = items.toSorted((a, b) => b.from - a.from);
  }

  /** All whose window includes this height. Heights are asked for in ascending order. */
  at(height: number): readonly T[] {
    for (
      let next = this.#waiting.at(-1);
      next && next.from <= height;
      next = this.#waiting.at(-1)
    ) {
      this.#waiting.pop();
      this.#open.push(next);
    }
    const here = this.#open;
    this.#open = here.filter(({ to }) => to > height);
    return here;
  }
}
