import { setTimeout as delay } from 'node:timers/promises';
import { acquireLock } from '../../base/lock.ts';
import { patient } from '../../base/patience.ts';
import { findEngine } from '../../engine/engine.ts';
import { startLock, useLock } from './locks.ts';
import { findObjects, holderAmong, removeObjects } from './objects.ts';

/** Milliseconds that processes which use a network have to heal, clean up and end, once they were told to. */
const END_MS = 60_000;
/** Milliseconds between two looks at what an owner out of reach may still have made, and how many must find nothing. */
const LOOK_MS = 1_000;
const LOOKS = 2;

export interface Removed {
  readonly objects: number;
  /** Processes of this host that were starting or testing the network, and have ended that. */
  readonly ended: readonly number[];
}

/**
 * Removes the network of this name. A process that is starting or testing it is told to end first, and waited for: it
 * cleans up what it has made. One on another host that uses the same engine learns it from its reaper's end.
 *
 * @param say told whom this waits for
 */
export async function removeNetwork(name: string, say: (line: string) => void): Promise<Removed> {
  const told = new Set<number>();
  const enough = AbortSignal.timeout(patient(END_MS));
  const take = (key: string) =>
    acquireLock(key, {
      ask: true,
      onWait: (pid) => {
        if (!told.has(pid)) say(`process ${pid} uses the network "${name}": told to end, waiting`);
        told.add(pid);
      },
      signal: enough,
    }).catch(() => undefined); // whoever does not end finds its network gone
  const locks = await Promise.all([take(startLock(name)), take(useLock(name))]);
  try {
    const engine = await findEngine(process.env);
    if (!engine) return { objects: 0, ended: [...told] };
    const { docker } = engine;
    const found = await findObjects(docker, name);
    const holder = holderAmong(found, 'reaper') ?? holderAmong(found, 'user');
    let objects = await removeObjects(docker, name);
    if (holder !== undefined) {
      say(`the network "${name}" was held by ${holder}: waiting for what that still cleans up`);
      for (let calm = 0; calm < LOOKS; ) {
        await delay(LOOK_MS);
        const more = await removeObjects(docker, name);
        objects += more;
        calm = more > 0 ? 0 : calm + 1;
      }
    }
    return { objects, ended: [...told] };
  } finally {
    await Promise.all(locks.map((release) => release?.()));
  }
}
