import { awaitEngine } from '../../swarm/engine-answers.ts';
import type { StartedDockerNode } from '../../swarm/machine.ts';
import type { Machine, Power, PowerState } from '../port.ts';
import { guardFromOutside } from './outside-guard.ts';

/** Seconds that a machine has for its orderly end. */
const STOP_SECONDS = 20;

/** A machine that is a container: the engine around it has its plug. */
export interface ContainedMachine extends Machine {
  /** The node container, in the outer engine. */
  readonly container: StartedDockerNode['container'];
  readonly power: Power;
}

/** Adds the plug to a node. */
export function withPower(node: StartedDockerNode): ContainedMachine {
  const { container } = node;
  const inspect = async () => (await container.inspect()).State;
  return {
    ...node,
    power: {
      id: container.id,
      state: async (): Promise<PowerState> => {
        const { Running, Paused } = await inspect();
        return Paused ? 'paused' : Running ? 'running' : 'stopped';
      },
      kill: async () => void (await container.kill()),
      stop: async () => void (await container.stop({ t: STOP_SECONDS })),
      start: async (options) => {
        if (!(await inspect()).Running) await container.start();
        await awaitEngine(node, options);
      },
      pause: async () => {
        if (!(await inspect()).Paused) await container.pause();
      },
      unpause: async () => {
        if ((await inspect()).Paused) await container.unpause();
      },
      guard: (heal) => guardFromOutside(container, heal),
      publishedPorts: async () => {
        const { NetworkSettings } = await container.inspect();
        return Object.fromEntries(
          Object.entries(NetworkSettings.Ports).map(([port, bindings]) => [
            port,
            (bindings ?? []).map(({ HostPort }) => HostPort),
          ]),
        );
      },
    },
  };
}
