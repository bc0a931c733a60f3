/** Lets two clients start something at the same moment. */
export class Rendezvous {
  readonly #waiting = new Map<string, () => void>();

  /**
   * Waits until both have come to the place of this name.
   * @returns false if `signal` aborted first
   */
  async meet(place: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const partner = this.#waiting.get(place);
    if (partner !== undefined) {
      partner();
      return true;
    }
    return await new Promise<boolean>((resolve) => {
      const finish = (met: boolean) => {
        signal.removeEventListener('abort', giveUp);
        this.#waiting.delete(place);
        resolve(met);
      };
      const giveUp = () => finish(false);
      signal.addEventListener('abort', giveUp);
      this.#waiting.set(place, () => finish(true));
    });
  }
}
