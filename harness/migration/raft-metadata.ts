import { etcdraft } from '../../fabric-client/protos.ts';
import type { Identities } from '../fabric/identities/identities.ts';
import { CONTAINER_PORTS, type Topology } from '../topology/schema.ts';
import { RAFT_DEFAULTS } from './topologies.ts';

/**
 * Every orderer as a consenter, known by its TLS certificate.
 *
 * @returns serialized `etcdraft.ConfigMetadata`
 * @throws Error when an orderer has no identity
 */
export function raftMetadata({ ordering }: Topology, { orderer }: Identities): Uint8Array {
  const consenters = ordering.orderers.map(({ name }) => {
    const certificate = orderer.nodes[name]?.tls.certificate;
    if (!certificate) throw new Error(`${name}: expected a TLS certificate, seen none`);
    const pem = Buffer.from(certificate);
    const port = CONTAINER_PORTS.orderer.general;
    return { host: name, port, client_tls_cert: pem, server_tls_cert: pem };
  });
  return etcdraft.ConfigMetadata.encode({
    consenters,
    options: {
      tick_interval: `${RAFT_DEFAULTS.tickInterval}ms`,
      election_tick: RAFT_DEFAULTS.electionTick,
      heartbeat_tick: RAFT_DEFAULTS.heartbeatTick,
      max_inflight_blocks: RAFT_DEFAULTS.maxInflightBlocks,
      snapshot_interval_size: RAFT_DEFAULTS.snapshotInterval,
    },
  }).finish();
}
