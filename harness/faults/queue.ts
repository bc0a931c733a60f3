import { createHash } from 'node:crypto';

/**
 * Shell scripts for queueing disciplines on all of a container's interfaces but loopback. An interface has one root
 * discipline, so a fault takes it only when it is free, and removes it only when it is its own, known by its handle.
 */
/** /sys shows the interfaces of the machine, so the kernel is asked. */
const DEVICES = `for device in $(ip -o link show up | awk -F': ' '{print $2}' | sed 's/@.*//' | grep -vx lo); do`;

/** The handle of a fault's disciplines, e.g. `4fa2:`. */
export function ownHandle(id: string): string {
  const number = createHash('sha256').update(id).digest().readUInt16BE(2);
  return `${(0x1000 + (number % 0xe000)).toString(16)}:`;
}

/** Adds a root discipline; fails when another fault has put one there. */
export const addQueue = (handle: string, discipline: string): string =>
  `set -e; ${DEVICES} tc qdisc add dev "$device" root handle ${handle} ${discipline}; done`;

/** Removes the disciplines with this handle. Idempotent. */
export const removeQueue = (handle: string): string =>
  `${DEVICES} if tc qdisc show dev "$device" | grep -q ' ${handle} root'; then tc qdisc del dev "$device" root; fi; done`;

/** Prints the root disciplines that somebody has chosen (the kernel's own have the handle 0). */
export const rootQueues = (): string => `tc qdisc show | grep root | grep -v ' 0: ' || true`;
