import path from 'node:path';
import type { ComponentHandle } from '../../network/port.ts';
import { awaitRunning, componentsOnly, runningContainer } from '../components.ts';
import {
  type Disk,
  diskBack,
  disksOf,
  refuseSecond,
  runningContainers,
  tryToWrite,
} from '../disk.ts';
import { type ActiveFault, type Fault, type FaultContext, type Role, together } from '../model.ts';

export interface FullDiskOptions {
  /** Bytes that are left on each volume, e.g. to fill up under load; none unless told. */
  readonly free?: number;
}

/** More than that would be a lot of memory. */
const LARGEST_VOLUME_BYTES = 1024 ** 3;
/** Room for a component's start, and for what it does until the disk is made full, bytes. */
const ROOM_BYTES = 256 * 1024 ** 2;
/** Milliseconds for the component to be healthy on the new disk. */
const RESTART_MS = 60_000;

/**
 * Fills the disk under a component's volumes. There is no disk of its own under a volume that could be filled without
 * filling the host's, so it gets one: a file system in memory with a copy of its data. The component is frozen for the
 * copy and killed, Swarm restarts it on the new disk, and once it is healthy the disk is shrunk to what is in use.
 * Healing makes the disk large again at once, then takes the same way back. So a fault of this kind contains two
 * crash-restarts; what was written in between is kept. Losing the machine meanwhile loses it: don't combine them, nor
 * disk faults with each other.
 *
 * Confirmed by a write for which no space is left (ENOSPC).
 */
export function fullDisk(role: Role, options: FullDiskOptions = {}): Fault {
  const { free = 0 } = options;
  if (!(free >= 0)) throw new RangeError(`fullDisk: expected at least 0 bytes free, seen ${free}`);
  return {
    kind: 'fullDisk',
    text: `full disk${free > 0 ? ` (${free} bytes left)` : ''}`,
    role,
    available: async () => undefined,
    prepare: async (context, targets) =>
      together(
        await Promise.all(
          componentsOnly('fullDisk', targets).map((handle) => full(context, handle, free)),
        ),
      ),
  };
}

async function full(
  context: FaultContext,
  handle: ComponentHandle,
  free: number,
): Promise<ActiveFault> {
  const { name, machine } = handle;
  const id = context.guard.newId('full', name);
  const disks = await disksOf(handle, id);
  const { id: container } = await runningContainer(handle);
  const options = { budgetMs: 60_000 };
  const run = (script: string) => machine.execOk(['sh', '-c', script], options);
  return {
    inject: async () => {
      await context.guard.register(machine, id, moveBack(name, disks));
      await run(moveAway(container, disks));
      await awaitRunning(handle, {
        budgetMs: RESTART_MS,
        unlike: container,
        signal: context.signal,
      });
      for (const disk of disks) await run(shrink(disk, free));
    },
    verify: async () => {
      if (free === 0) return tryToWrite(handle, disks, 'No space left on device');
      for (const disk of disks)
        await run(
          `[ "$(df --output=avail -B1 ${disk.folder}/memory | tail -n 1)" -le ${free + 65_536} ]`,
        );
      return tryToWrite(handle, disks, free < 65_536 ? 'No space left on device' : undefined);
    },
    heal: () => context.guard.heal(machine, id),
    verifyHealed: () => diskBack(handle, disks),
  };
}

/** Copies the volumes into memory while the component stands still, puts the copies in their place, and kills it. */
function moveAway(container: string, disks: readonly Disk[]): string {
  return [
    'set -e',
    ...disks.flatMap((d) => [
      refuseSecond(d),
      `used=$(du -s -B1 ${d.inMachine} | cut -f 1)`,
      `[ $used -le ${LARGEST_VOLUME_BYTES} ] || { echo "${d.name} holds $used bytes, too many for memory" >&2; exit 1; }`,
      `mkdir -p ${d.folder}/memory ${d.folder}/disk`,
      // Private: or what is mounted over the one would be mounted over the other, too.
      `mount --bind ${d.inMachine} ${d.folder}/disk`,
      `mount --make-private ${d.folder}/disk`,
      `mount -t tmpfs -o size=$((used + ${ROOM_BYTES})) tmpfs ${d.folder}/memory`,
    ]),
    `docker pause ${container} >/dev/null`,
    ...disks.flatMap((d) => [
      `cp -a --sparse=always ${d.folder}/disk/. ${d.folder}/memory/`,
      `chown --reference=${d.folder}/disk ${d.folder}/memory; chmod --reference=${d.folder}/disk ${d.folder}/memory`,
      `mount --bind ${d.folder}/memory ${d.inMachine}`,
    ]),
    // Also ends one that is paused.
    `docker kill ${container} >/dev/null`,
  ].join('\n');
}

/** Makes the disk as large as what is on it. The component goes on writing meanwhile, so it takes a few tries. */
const shrink = ({ folder }: Disk, free: number): string => `
for i in $(seq 40); do
  used=$(df --output=used -B1 ${folder}/memory | tail -n 1)
  mount -o remount,size=$((used + ${free})) ${folder}/memory 2>/dev/null && exit 0
done
echo 'the disk cannot be made smaller: it grows all the time' >&2; exit 1`;

/**
 * The way back, however far {@link moveAway} came. Each step says whether it is still to be done, so that the script can
 * be run again after it was cut short.
 */
function moveBack(component: string, disks: readonly Disk[]): string {
  const inMemory = (d: Disk) => `mountpoint -q ${d.folder}/memory`;
  return [
    ...disks.map(
      (d) =>
        `${inMemory(d)} && mount -o remount,size=${2 * LARGEST_VOLUME_BYTES} ${d.folder}/memory`,
    ),
    // Nothing may write between the copy and the change of disks.
    `for c in $(${runningContainers(component)}); do docker pause $c >/dev/null 2>&1; done`,
    ...disks.flatMap((d) => [
      `if mountpoint -q ${d.inMachine} && ${inMemory(d)}; then`,
      `  [ "$(stat -c %d ${d.folder}/disk)" != "$(stat -c %d ${d.folder}/memory)" ] || exit 1`,
      `  find ${d.folder}/disk -mindepth 1 -delete`,
      `  cp -a --sparse=always ${d.folder}/memory/. ${d.folder}/disk/ || exit 1`,
      `  umount ${d.inMachine} || exit 1`,
      '  moved=yes',
      'fi',
      `! ${inMemory(d)} || umount -l ${d.folder}/memory`,
      `! mountpoint -q ${d.folder}/disk || umount ${d.folder}/disk`,
      `rm -rf ${d.folder}; rmdir ${path.dirname(d.folder)} 2>/dev/null`,
    ]),
    `for c in $(${runningContainers(component)}); do`,
    '  if [ -n "$moved" ]; then docker kill $c; else docker unpause $c; fi >/dev/null 2>&1',
    'done',
    'true',
  ].join('\n');
}
