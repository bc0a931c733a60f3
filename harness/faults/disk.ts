import { waitFor } from '../base/wait.ts';
import type { ComponentHandle, VolumeMount } from '../network/port.ts';
import { COMPONENT_LABEL } from '../swarm/deploy.ts';
import { awaitRunning, runningContainer } from './components.ts';
import { confirmed, expectThat, type Measurement, notConfirmed } from './model.ts';

/** Milliseconds to find the component, running or not, on the disk that it was given. */
const WRITE_MS = 10_000;
/** Milliseconds for a component to run and be healthy again. */
const BACK_MS = 80_000;

/** A named volume of a component and where a disk fault keeps what it needs of it. */
export interface Disk extends VolumeMount {
  /** In the machine's /run, of this injection. */
  readonly folder: string;
}

/** The volumes of a running component, for one injection. @throws Error when it has none */
export async function disksOf(handle: ComponentHandle, id: string): Promise<Disk[]> {
  const { volumes } = await runningContainer(handle);
  if (volumes.length === 0) throw new Error(`${handle.name}: expected a volume, seen none`);
  return volumes.map((volume) => ({
    ...volume,
    folder: `/run/harness-disks/${id}/${volume.name}`,
  }));
}

/** Shell: ids of the component's running containers. */
export const runningContainers = (component: string): string =>
  `docker ps -q --no-trunc --filter label=${COMPONENT_LABEL}=${component}`;

/** Shell: fails when another fault has put a disk in the volume's place; its heal must find it there. */
export const refuseSecond = (disk: Disk): string =>
  `if mountpoint -q ${disk.inMachine}; then echo '${disk.name} is already under a disk fault' >&2; exit 1; fi`;

/**
 * Tries to write 64 KiB to the component's volumes: through its own eyes if it runs, and to the disk itself if it has
 * fallen into a restart loop.
 *
 * @param expected text of the error that must come, or `undefined` if it must succeed
 */
export async function tryToWrite(
  handle: ComponentHandle,
  disks: readonly Disk[],
  expected: string | undefined,
): Promise<Measurement> {
  const tries = disks.map(async (disk): Promise<Measurement> => {
    const attempt = async (folder: string, whose: string) => {
      const file = `${folder}/.harness-probe`;
      const script = `dd if=/dev/zero of=${file} bs=64k count=1 conv=fsync 2>&1; s=$?; rm -f ${file}; exit $s`;
      const { exitCode, stdout } = await handle.machine.exec([
        'sh',
        '-c',
        `LC_ALL=C; export LC_ALL; ${script}`,
      ]);
      const said = exitCode === 0 ? 'succeeds' : (stdout.split('\n')[0] ?? '').replace(/^.*: /, '');
      const as = expected === undefined ? exitCode === 0 : stdout.includes(expected);
      const evidence = `${handle.name}: a write to ${disk.inContainer} (${whose}): ${said}`;
      return { as, evidence };
    };
    return waitFor(
      { subject: handle.name, expected: 'a write', budgetMs: WRITE_MS, intervalMs: 200 },
      async () => {
        const facts = await handle.container();
        if (!facts?.running) throw new Error('it does not run');
        const { as, evidence } = await attempt(
          `/proc/${facts.pid}/root${disk.inContainer}`,
          'its own',
        );
        if (!as) throw new Error(evidence);
        return confirmed(evidence);
      },
    ).catch(async (error: unknown) => {
      const { as, evidence } = await attempt(disk.inMachine, 'in its place');
      return expectThat(as, `${evidence}; ${error}`);
    });
  });
  const measurements = await Promise.all(tries);
  return {
    confirmation: measurements.every((m) => m.confirmation === 'confirmed')
      ? 'confirmed'
      : 'not-confirmed',
    evidence: measurements.map((m) => m.evidence).join('; '),
  };
}

/** Whether the component runs again and can write. */
export async function diskBack(
  handle: ComponentHandle,
  disks: readonly Disk[],
): Promise<Measurement> {
  try {
    await awaitRunning(handle, { budgetMs: BACK_MS });
  } catch (error) {
    return notConfirmed(String(error));
  }
  return tryToWrite(handle, disks, undefined);
}
