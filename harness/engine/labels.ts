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
/** `reaper` on the reaper's own container. */
export const ROLE_LABEL = `${PREFIX}.role`;
/** On a reaper: the process that the network goes with, in words. */
export const OWNER_LABEL = `${PREFIX}.owner`;
