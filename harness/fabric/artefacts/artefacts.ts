import { consenterFile } from '../../ordering/consenters.ts';
import { hasSystemChannel } from '../../topology/releases.ts';
import type { Topology } from '../../topology/schema.ts';
import type { Identities } from '../identities/identities.ts';
import { organisationMsp } from '../identities/msp.ts';
import {
  anchorProfile,
  type ChannelRequest,
  channelProfile,
  configtx,
  GENESIS_PROFILE,
  mspFolder,
} from './configtx.ts';

/** What to run in a container of the `fabric` image, and what it leaves there. */
export interface ArtefactJob {
  /** Folder in the container that holds the files; commands use absolute paths below it. */
  readonly folder: string;
  /** Content by path relative to the folder. No private keys. */
  readonly files: Readonly<Record<string, string>>;
  /** To be run one after the other; each must exit 0. */
  readonly commands: readonly (readonly string[])[];
  /** Absolute paths of the results, by what they are: {@link GENESIS}, a channel's name, or {@link anchorUpdate}. */
  readonly outputs: Readonly<Record<string, string>>;
}

export const ARTEFACT_FOLDER = '/tmp/artefacts';
/** Key of the genesis block in {@link ArtefactJob.outputs}; no channel's name may have an underscore. */
export const GENESIS = 'genesis_block';

/**
 * Key, in {@link ArtefactJob.outputs}, of the update that sets an organisation's anchor peers on a channel that was
 * made without. An underscore, which no channel's name may have, keeps it apart from them.
 */
export const anchorUpdate = (channel: string, mspId: string): string =>
  `${channel}_${mspId}anchors`;

export interface ArtefactRequest {
  /** Whether to make the system channel's genesis block, where there is one. */
  readonly genesis: boolean;
  /** Channels to make creation transactions for. */
  readonly channels: readonly ChannelRequest[];
}

/**
 * Describes how to make a network's genesis block and channel creation transactions with `configtxgen`. A network without
 * a system channel has no such block, and in place of its transaction a channel has a genesis block of its own.
 *
 * Creation transactions that set anchor peers, as they do unless told otherwise, must be signed by an admin of every
 * organisation of the channel. For a channel without them there is one more output an organisation, see
 * {@link anchorUpdate}.
 *
 * @throws Error if a channel names an unknown organisation
 */
export function artefactJob(
  topology: Topology,
  identities: Identities,
  { genesis, channels }: ArtefactRequest,
): ArtefactJob {
  const folder = ARTEFACT_FOLDER;
  const files: Record<string, string> = { 'configtx.yaml': configtx(topology, channels) };
  for (const organisation of [identities.orderer, ...Object.values(identities.organisations)]) {
    for (const [path, content] of Object.entries(organisationMsp(organisation))) {
      files[`${mspFolder(organisation.mspId)}/${path}`] = content;
    }
  }
  const commands: string[][] = [];
  const outputs: Record<string, string> = {};
  const generate = (profile: string, channel: string, ...output: readonly string[]) =>
    commands.push([
      'configtxgen',
      ...['-configPath', folder],
      ...['-profile', profile],
      ...['-channelID', channel],
      ...output,
    ]);
  const { systemChannel } = topology.ordering;
  if (!hasSystemChannel(topology)) {
    for (const [orderer, { msp, tls }] of Object.entries(identities.orderer.nodes)) {
      files[consenterFile(orderer, 'identity')] = msp.certificate;
      files[consenterFile(orderer, 'tls')] = tls.certificate;
    }
  }
  if (genesis && systemChannel) {
    outputs[GENESIS] = `${folder}/out/genesis.block`;
    generate(GENESIS_PROFILE, systemChannel, '-outputBlock', outputs[GENESIS]);
  }
  for (const { name, organisations, anchorPeers = true } of channels) {
    if (!systemChannel) {
      outputs[name] = `${folder}/out/${name}.block`;
      generate(channelProfile(name), name, '-outputBlock', outputs[name]);
      continue;
    }
    const output = `${folder}/out/${name}.tx`;
    outputs[name] = output;
    generate(
      channelProfile(name),
      name,
      ...['-channelCreateTxBaseProfile', GENESIS_PROFILE],
      ...['-outputCreateChannelTx', output],
    );
    if (anchorPeers) continue;
    for (const { name: organisation, mspId } of topology.organisations) {
      if (!organisations.includes(organisation)) continue;
      const update = `${folder}/out/${anchorUpdate(name, mspId)}.tx`;
      outputs[anchorUpdate(name, mspId)] = update;
      generate(
        anchorProfile(name),
        name,
        ...['-outputAnchorPeersUpdate', update],
        ...['-asOrg', organisation],
      );
    }
  }
  return { folder, files, commands, outputs };
}
