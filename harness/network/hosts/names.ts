import { NETWORK_LABEL, ROLE_LABEL } from '../../engine/labels.ts';
import { sharedName } from '../../swarm/scoped-docker.ts';

/** The Swarm service, one task a host, that keeps a {@link handName hand} there. */
export const agentName = (network: string): string => sharedName(network, 'agent');
/** The container of a host in which faults work: in the host's process and network namespaces. */
export const handName = (network: string): string => `${network}-hand`;
/** Volume of a manager's host with what another process needs to use the network. */
export const stateVolume = (network: string): string => sharedName(network, 'state');

/** Where the state is, in the hand. */
export const STATE_FOLDER = '/var/lib/harness';

/** Value of `ROLE_LABEL` on agents and hands, which are no components. */
export const HAND = 'hand';
export const AGENT = 'agent';

export const labelsOf = (network: string, role: string): Record<string, string> => ({
  [NETWORK_LABEL]: network,
  [ROLE_LABEL]: role,
});
