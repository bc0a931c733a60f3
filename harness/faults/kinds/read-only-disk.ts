import type { ComponentHandle } from '../../network/port.ts';
import { componentsOnly, runningContainer } from '../components.ts';
import { diskBack, disksOf, refuseSecond, runningContainers, tryToWrite } from '../disk.ts';
import { type ActiveFault, type Fault, type FaultContext, type Role, together } from '../model.ts';

/**
 * Makes a component's volumes read-only, as a kernel does that no longer trusts a disk. Under its feet if no file on
 * them is open for writing; otherwise the kernel refuses, and the component is killed and finds them read-only when
 * Swarm restarts it, as after a reboot.
 *
 * Confirmed by a write that is refused (EROFS). Not to be combined with other disk faults on one component.
 */
export function readOnlyDisk(role: Role): Fault {
  return {
    kind: 'readOnlyDisk',
    text: 'read-only disk',
    role,
    available: async () => undefined,
    prepare: async (context, targets) =>
      together(
        await Promise.all(
          componentsOnly('readOnlyDisk', targets).map((handle) => readOnly(context, handle)),
        ),
      ),
  };
}

async function readOnly(context: FaultContext, handle: ComponentHandle): Promise<ActiveFault> {
  const { name, machine } = handle;
  const id = context.guard.newId('readonly', name);
  const disks = await disksOf(handle, id);
  const { pid } = await runningContainer(handle);
  const remount = (of: string, how: 'ro' | 'rw') =>
    disks.map((d) => `nsenter -t ${of} -m mount -o remount,bind,${how} ${d.inContainer}`);
  return {
    inject: async () => {
      const undo = disks
        .map(
          (d) =>
            `if [ -d ${d.folder} ]; then umount ${d.inMachine}; rmdir -p ${d.folder} 2>/dev/null; fi`,
        )
        .concat(
          `for c in $(${runningContainers(name)}); do`,
          `pid=$(docker inspect -f '{{.State.Pid}}' $c)`,
          ...remount('$pid', 'rw').map((command) => `${command} 2>/dev/null`),
          'done',
          ...disks.map((d) => `! [ -d ${d.folder} ]`),
        );
      await context.guard.register(machine, id, undo.join('\n'));
      const aside = disks.flatMap((d) => [
        refuseSecond(d),
        `mount --bind ${d.inMachine} ${d.inMachine}`,
        `mkdir -p ${d.folder}`,
        `mount -o remount,bind,ro ${d.inMachine}`,
      ]);
      await machine.execOk([
        'sh',
        '-c',
        [
          ...disks.map(refuseSecond),
          `if { ${remount(String(pid), 'ro').join(' && ')}; } 2>/dev/null; then exit 0; fi`,
          ...remount(String(pid), 'rw').map((command) => `${command} 2>/dev/null || true`),
          'set -e',
          ...aside,
          `kill -9 ${pid}`,
        ].join('\n'),
      ]);
    },
    verify: () => tryToWrite(handle, disks, 'Read-only file system'),
    heal: () => context.guard.heal(machine, id),
    verifyHealed: () => diskBack(handle, disks),
  };
}
