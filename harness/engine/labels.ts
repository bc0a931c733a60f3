/**
 * Labels that say what belongs to the harness. Only containers, networks and volumes that carry them are ever touched.
 */
const PREFIX = 'io.fabric-swarm-harness';

/** On what may be kept between runs: images and the golden volume. */
export const CACHE_LABEL = `${PREFIX}.cache`;
/** Name of the network that an object belongs to. */
export const NETWORK_LABEL = `${PREFIX}.network`;
/** Id of the bring-up that made an object; the reaper removes by it. */
export const RUN_LABEL = `${PREFIX}.run`;
/** Number of the machine that a node container is. */
export const MACHINE_LABEL = `${PREFIX}.machine`;
/** A {@link HolderRole} on a container that stands for a process. */
export const ROLE_LABEL = `${PREFIX}.role`;
/** Whether the network goes with the process, or is used by it alone. */
export type HolderRole = 'reaper' | 'user';
/** On such a container: the process, in words. */
export const OWNER_LABEL = `${PREFIX}.owner`;
