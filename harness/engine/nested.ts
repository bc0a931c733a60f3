import type { HostConfig } from 'dockerode';
import type { NodeMode } from './mode.ts';

/**
 * How a container must be started so that a Docker engine can run in it.
 *
 * In `caps` mode it gets all capabilities but SYS_RESOURCE, which engines inside a sandbox often lack themselves and
 * then cannot give away; such containers cannot raise an rlimit above the hard limit. What the command line calls
 * `systempaths=unconfined` is, in the API, empty lists of masked and read-only paths. `/run` is a tmpfs in both modes,
 * so that sockets and pid files of a killed engine don't outlive it.
 *
 * @returns the part of the container's HostConfig that the mode decides; merge mounts and networks into it
 */
export function nestedHostConfig(mode: NodeMode): HostConfig {
  const common: HostConfig = { Tmpfs: { '/run': 'rw,exec' } };
  if (mode === 'privileged') return { ...common, Privileged: true };
  return {
    ...common,
    Privileged: false,
    CapAdd: ['ALL'],
    CapDrop: ['SYS_RESOURCE'],
    SecurityOpt: ['seccomp=unconfined', 'apparmor=unconfined'],
    DeviceCgroupRules: ['a *:* rwm'],
    MaskedPaths: [],
    ReadonlyPaths: [],
  };
}
