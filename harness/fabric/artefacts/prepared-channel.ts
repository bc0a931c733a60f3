import type { Topology } from '../../topology/schema.ts';
import { GENESIS } from './artefacts.ts';
import type { ChannelRequest } from './configtx.ts';

/**
 * A channel that the bring-up prepares but does not create, for clients of the REST API: the article's walk begins with
 * the creation of a channel, and the transaction for it has to come from somewhere.
 */
export const PREPARED_CHANNEL = 'walkchannel';

/** Without anchor peers, so that one organisation's admin, the caller, can sign for it. */
export function preparedChannel(topology: Topology, name = PREPARED_CHANNEL): ChannelRequest {
  const organisations = topology.organisations.map((organisation) => organisation.name);
  return { name, organisations, anchorPeers: false };
}

/**
 * Outputs of a job as the files of the REST API's directory of artefacts: `<channel>.tx` and `<channel>_<MSP>anchors.tx`,
 * and, by label, `<chaincode>_<version>.tar.gz`.
 */
export function artefactFiles(
  transactions: Readonly<Record<string, Uint8Array>>,
  packages: Readonly<Record<string, Uint8Array>> = {},
): Record<string, Uint8Array> {
  const named = (record: Readonly<Record<string, Uint8Array>>, ending: string) =>
    Object.entries(record)
      .filter(([name]) => name !== GENESIS)
      .map(([name, content]) => [`${name}${ending}`, content] as const);
  return Object.fromEntries([...named(transactions, '.tx'), ...named(packages, '.tar.gz')]);
}
