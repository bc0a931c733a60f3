import { stringify } from 'yaml';
import { orderingOf } from '../../ordering/registry.ts';
import { hasSystemChannel } from '../../topology/releases.ts';
import { CONTAINER_PORTS, type Organisation, type Topology } from '../../topology/schema.ts';

/** The profile of the system channel's genesis block. */
export const GENESIS_PROFILE = 'Genesis';
const CONSORTIUM = 'Consortium';

/** A channel to be created; scenarios make more than a topology has. */
export interface ChannelRequest {
  readonly name: string;
  /** Names of the topology's organisations. */
  readonly organisations: readonly string[];
  /**
   * Whether the creation transaction sets the anchor peers as well (default). With them it needs the signature of an
   * admin of each organisation; without them one admin's is enough, as the REST API has it.
   */
  readonly anchorPeers?: boolean;
}

/** Profile under which a channel's creation transaction is made. */
export function channelProfile(channel: string): string {
  return `Channel-${channel}`;
}

/** Profile of the same channel with its anchor peers, for the updates that set them later. */
export function anchorProfile(channel: string): string {
  return `Anchors-${channel}`;
}

/** Folder of an organisation's MSP, relative to the configuration's. */
export function mspFolder(mspId: string): string {
  return `organisations/${mspId}`;
}

/**
 * Channel configuration for Fabric's `configtxgen`: the system channel with its consortium, and one
 * profile a channel. Every policy is explicit: with capabilities V2_0 none is implied.
 *
 * A channel's profile repeats the orderer section and names anchor peers, so that its creation transaction, computed
 * against the genesis profile, sets the anchor peers as well. That saves one configuration block an organisation; in
 * return the transaction needs the signature of each organisation's admin. Without a system channel a profile is the
 * whole of its channel's genesis block.
 *
 * @throws Error if a channel names an organisation that the topology does not have
 */
export function configtx(topology: Topology, channels: readonly ChannelRequest[]): string {
  const { organisations } = topology;
  const orderer = ordererSection(topology);
  const throughSystemChannel = hasSystemChannel(topology);
  const profiles: Record<string, unknown> = throughSystemChannel
    ? {
        [GENESIS_PROFILE]: {
          ...channelSection(topology),
          Orderer: orderer,
          Consortiums: {
            [CONSORTIUM]: {
              Organizations: organisations.map((organisation) => member(organisation)),
            },
          },
        },
      }
    : {};
  for (const { name, organisations: members, anchorPeers: anchored = true } of channels) {
    const found = members.map((memberName) => {
      const organisation = organisations.find((candidate) => candidate.name === memberName);
      if (organisation === undefined) {
        const known = organisations.map((candidate) => candidate.name).join(', ');
        throw new Error(
          `channel ${name}: expected organisations among ${known}, saw ${memberName}`,
        );
      }
      return organisation;
    });
    const profile = (anchors: boolean) => ({
      ...channelSection(topology),
      ...(throughSystemChannel ? { Consortium: CONSORTIUM } : {}),
      Orderer: orderer,
      Application: {
        Organizations: found.map((organisation) => ({
          ...member(organisation),
          ...(anchors ? { AnchorPeers: anchorPeers(organisation) } : {}),
        })),
        Policies: {
          ...implicitPolicies(),
          LifecycleEndorsement: implicit('MAJORITY Endorsement'),
          Endorsement: implicit('MAJORITY Endorsement'),
        },
        Capabilities: { V2_5: true },
      },
    });
    profiles[channelProfile(name)] = profile(anchored);
    if (!anchored) profiles[anchorProfile(name)] = profile(true);
  }
  return stringify({ Profiles: profiles }, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function channelSection(topology: Topology) {
  const { channelCapability } = orderingOf(topology);
  return { Policies: implicitPolicies(), Capabilities: { [channelCapability]: true } };
}

function ordererSection(topology: Topology) {
  const { organisation, orderers, batch } = topology.ordering;
  const addresses = orderers.map(({ name }) => `${name}:${CONTAINER_PORTS.orderer.general}`);
  const { mspId } = organisation;
  const service = orderingOf(topology);
  return {
    ...service.ordererSection(topology),
    ...(service.channelCapability === 'V2_0' ? { Addresses: addresses } : {}),
    BatchTimeout: `${batch.timeout}ms`,
    BatchSize: {
      MaxMessageCount: batch.maxMessageCount,
      AbsoluteMaxBytes: batch.absoluteMaxBytes,
      PreferredMaxBytes: batch.preferredMaxBytes,
    },
    Organizations: [
      {
        Name: organisation.name,
        ID: mspId,
        MSPDir: mspFolder(mspId),
        OrdererEndpoints: addresses,
        Policies: {
          Readers: signature(mspId, 'member'),
          Writers: signature(mspId, 'member'),
          Admins: signature(mspId, 'admin'),
        },
      },
    ],
    Policies: { ...implicitPolicies(), BlockValidation: implicit('ANY Writers') },
    Capabilities: { V2_0: true },
  };
}

function member({ name, mspId }: Organisation) {
  return {
    Name: name,
    ID: mspId,
    MSPDir: mspFolder(mspId),
    Policies: {
      Readers: signature(mspId, 'admin', 'peer', 'client'),
      Writers: signature(mspId, 'admin', 'client'),
      Admins: signature(mspId, 'admin'),
      Endorsement: signature(mspId, 'peer'),
    },
  };
}

function anchorPeers({ peers }: Organisation) {
  return peers
    .filter((peer) => peer.anchor)
    .map(({ name }) => ({ Host: name, Port: CONTAINER_PORTS.peer.peer }));
}

function implicitPolicies() {
  return {
    Readers: implicit('ANY Readers'),
    Writers: implicit('ANY Writers'),
    Admins: implicit('MAJORITY Admins'),
  };
}

function implicit(rule: string) {
  return { Type: 'ImplicitMeta', Rule: rule };
}

function signature(mspId: string, ...roles: readonly string[]) {
  return { Type: 'Signature', Rule: `OR(${roles.map((role) => `'${mspId}.${role}'`).join(', ')})` };
}
