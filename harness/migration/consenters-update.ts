import { etcdraft, orderer as messages } from '../../fabric-client/protos.ts';
import { CONTAINER_PORTS } from '../topology/schema.ts';
import { configUpdate } from './config-update.ts';
import type { Consensus } from './consensus.ts';

/**
 * The update that makes an orderer a consenter of a Raft channel, one with another certificate, or no consenter: one at
 * a time, as Fabric demands.
 *
 * @param certificate the orderer's TLS certificate, PEM; without it, it is taken out
 * @param snapshotInterval bytes of blocks after which orderers take a snapshot and forget what is in it; as it was
 *   unless told
 * @returns serialized `common.ConfigUpdate`; undefined when it is so already
 */
export function consentersUpdate(
  { channel, group }: Consensus,
  host: string,
  certificate: string | undefined,
  snapshotInterval?: number,
): Uint8Array | undefined {
  const orderer = group.groups?.Orderer ?? {};
  const current = orderer.values?.ConsensusType ?? {};
  const consensus = messages.ConsensusType.decode(current.value ?? new Uint8Array());
  const metadata = etcdraft.ConfigMetadata.decode(consensus.metadata);
  const known = metadata.consenters.find((one) => one.host === host);
  const pem = certificate === undefined ? undefined : Buffer.from(certificate);
  const port = CONTAINER_PORTS.orderer.general;
  const member = pem && { host, port, client_tls_cert: pem, server_tls_cert: pem };
  if (certificate === (known && Buffer.from(known.server_tls_cert ?? []).toString())) {
    return undefined;
  }
  // In its place: Fabric takes the change of one place for a rotation of its certificate.
  const consenters = metadata.consenters.flatMap((one) => (one === known ? (member ?? []) : one));
  const { options } = metadata;
  const changed = etcdraft.ConfigMetadata.encode({
    ...metadata,
    consenters: [...consenters, ...(member && !known ? [member] : [])],
    ...(snapshotInterval === undefined
      ? {}
      : { options: { ...options, snapshot_interval_size: snapshotInterval } }),
  }).finish();
  const value = messages.ConsensusType.encode({ ...consensus, metadata: changed }).finish();
  const values = { ...orderer.values, ConsensusType: { ...current, value } };
  return configUpdate(channel, group, {
    ...group,
    groups: { ...group.groups, Orderer: { ...orderer, values } },
  });
}
