import { createRequire } from 'node:module';

/** As much of leveldown as is needed here; it has no types. */
interface Database {
  open(options: object, done: (error?: Error) => void): void;
  get(key: Buffer, done: (error: Error | null, value: Buffer) => void): void;
  put(key: Buffer, value: Buffer, done: (error?: Error) => void): void;
  close(done: (error?: Error) => void): void;
}
const leveldown = createRequire(import.meta.url)('leveldown') as (folder: string) => Database;

/**
 * Changes a value in a peer's own state database, which must be closed (`stateleveldb.go`: the channel, a zero, `d`, the
 * namespace, a zero, the key).
 *
 * @param change gives as many letters as it takes
 */
export async function editState(
  folder: string,
  [channel, namespace, key]: readonly [string, string, string],
  change: (value: string) => string,
): Promise<void> {
  const database = leveldown(folder);
  const call = <T>(act: (done: (error?: Error | null, value?: T) => void) => void) =>
    new Promise<T | undefined>((resolve, reject) =>
      act((error, value) => (error ? reject(error) : resolve(value))),
    );
  await call((done) => database.open({ createIfMissing: false }, done));
  const at = Buffer.from(`${channel}\0d${namespace}\0${key}`);
  const stored = await call<Buffer>((done) => database.get(at, done));
  const before = stored?.toString('latin1') ?? '';
  const after = change(before);
  if (after === before || after.length !== before.length) {
    throw new Error(`${key}: expected a change of the same length, seen ${after}`);
  }
  await call((done) => database.put(at, Buffer.from(after, 'latin1'), done));
  await call((done) => database.close(done));
}
