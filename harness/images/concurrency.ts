import pLimit from 'p-limit';

/**
 * What may run at the same time: one compilation (it uses all cores by itself), beside it downloads, and builds in
 * containers, which mostly wait for the package mirror or the disk. The base waits for nobody: all else waits for it.
 */
export function concurrency() {
  return { base: pLimit(1), compile: pLimit(1), fetch: pLimit(2), build: pLimit(2) };
}
export type Concurrency = ReturnType<typeof concurrency>;

/** A promise for each name, made at its first use: shared prerequisites are made once. */
export function once<K, V>(make: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const made = new Map<K, Promise<V>>();
  return (key) => {
    const known = made.get(key);
    if (known) return known;
    const promise = make(key);
    promise.catch(() => {}); // who needs it sees the failure, at once or later
    made.set(key, promise);
    return promise;
  };
}
