import { createHash } from 'node:crypto';
import { acquireFeed } from './commit-feed.ts';
import type { Transport } from './connections.ts';
import { FabricError } from './errors.ts';
import { patient } from './patience.ts';
import { type CollectionConfig, collectionPackage, encodePolicy } from './policy.ts';
import type { ProposalRequest } from './proposal.ts';
import { inquire, mayPass, type Question, query } from './proposing.ts';
import { lifecycle, toNumber } from './protos.ts';
import { RefusedError } from './refusals.ts';
import { type Signer, signerOf } from './signer.ts';
import { transact } from './transact.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from './types.ts';
import { until } from './until.ts';

export interface ChaincodeDefinition {
  readonly name: string;
  readonly version: string;
  /** 1 for the first definition, one more for each change. */
  readonly sequence: number;
  /** As {@link encodePolicy} takes it; without one the channel's `/Channel/Application/Endorsement`. */
  readonly policy?: string;
  readonly initRequired?: boolean;
  readonly collections?: readonly CollectionConfig[];
}

/** An organisation as chaincode lifecycle needs it. */
export interface LifecycleOrganisation {
  readonly mspId: string;
  readonly admin: SigningIdentity;
  readonly peers: readonly PeerEndpoint[];
}

export interface LifecycleOptions {
  readonly connections: Transport;
  readonly channel: string;
  readonly orderers: readonly Endpoint[];
  /** For the transaction to be committed on all its observers, ms. Default 60 000. */
  readonly budgetMs?: number;
  /** Told of each transaction's id before it is sent. */
  readonly told?: (transactionId: string) => void;
}

const QUERY_MS = 10_000;
/** The peer's words for what is installed already (`core/chaincode/persistence`). */
const INSTALLED = /already (successfully )?installed/i;
/**
 * core/chaincode/lifecycle/lifecycle.go: "attempted to redefine uncommitted sequence (1) for namespace x with unchanged
 * content", "... the current committed sequence (1) for namespace x with unchanged content"
 */
const UNCHANGED = /unchanged content/i;

/** Call of a function of the lifecycle's chaincode; without a channel it belongs to the peer. */
const call = (fcn: string, args: Uint8Array = new Uint8Array(), channel = ''): ProposalRequest => ({
  channel,
  chaincode: '_lifecycle',
  args: [fcn, args],
});

export interface InstalledChaincode {
  readonly label: string;
  readonly packageId: string;
}

/** What a peer has installed. */
export const installedChaincodes: Question<InstalledChaincode[]> = {
  ...call('QueryInstalledChaincodes'),
  read: (bytes) =>
    lifecycle.QueryInstalledChaincodesResult.decode(bytes).installed_chaincodes.map(
      ({ label, package_id }) => ({ label: label ?? '', packageId: package_id ?? '' }),
    ),
};

/** A definition that a channel has committed. */
export interface CommittedDefinition
  extends Pick<ChaincodeDefinition, 'name' | 'version' | 'sequence'> {
  /** As {@link isSame} compares it. */
  readonly fields: Parameters<typeof lifecycle.CommitChaincodeDefinitionArgs.encode>[0];
}

/** The definitions that a channel has committed, as one peer knows them. */
export const committedDefinitions = (channel: string): Question<CommittedDefinition[]> => ({
  ...call('QueryChaincodeDefinitions', undefined, channel),
  read: (bytes) =>
    lifecycle.QueryChaincodeDefinitionsResult.decode(bytes).chaincode_definitions.map((fields) => ({
      name: fields.name ?? '',
      version: fields.version ?? '',
      sequence: toNumber(fields.sequence),
      fields,
    })),
});

/**
 * Whether what is committed is this definition, as far as it says: the channel fills in what a definition leaves open.
 */
export function isSame(known: CommittedDefinition, definition: ChaincodeDefinition): boolean {
  const policyOf = ({ validation_parameter }: CommittedDefinition['fields']) =>
    Buffer.from(validation_parameter ?? []).toString('base64');
  const collectionsOf = ({ collections = null }: CommittedDefinition['fields']) =>
    Buffer.from(lifecycle.CommitChaincodeDefinitionArgs.encode({ collections }).finish()).toString(
      'base64',
    );
  const { fields } = known;
  const wanted = definitionFields(definition);
  return (
    known.version === definition.version &&
    (definition.policy === undefined || policyOf(fields) === policyOf(wanted)) &&
    (definition.collections === undefined || collectionsOf(fields) === collectionsOf(wanted)) &&
    (definition.initRequired !== true || fields.init_required === true)
  );
}

/**
 * Installs a chaincode package on a peer unless it is there. Its id is `label:` and the package's SHA-256.
 * @throws RefusedError when the peer refuses, FabricError when it does not answer within the budget
 */
export async function installChaincode(
  connections: Transport,
  peer: Endpoint,
  packageBytes: Uint8Array,
  admin: SigningIdentity | Signer,
  budgetMs = 60_000,
): Promise<{ readonly packageId: string; readonly installed: boolean }> {
  const hash = createHash('sha256').update(packageBytes).digest('hex');
  const args = lifecycle.InstallChaincodeArgs.encode({
    chaincode_install_package: packageBytes,
  }).finish();
  const request = call('InstallChaincode', args);
  const signer = signerOf(admin);
  const find = async (timeoutMs: number) =>
    (await inquire(connections, peer, signer, installedChaincodes, timeoutMs)).find(
      ({ packageId }) => packageId.endsWith(`:${hash}`),
    );
  return await until({
    subject: `chaincode package ${hash.slice(0, 12)} on ${peer.name}`,
    expected: 'installed',
    budgetMs,
    look: `log of ${peer.name}`,
    attempt: async (left) => {
      const known = await find(Math.min(left, patient(QUERY_MS)));
      if (known !== undefined) return { packageId: known.packageId, installed: false };
      try {
        const payload = await query(connections, peer, signer, request, left);
        const packageId = lifecycle.InstallChaincodeResult.decode(payload).package_id;
        return { packageId, installed: true };
      } catch (error) {
        // Somebody else was faster.
        if (!(error instanceof RefusedError) || !INSTALLED.test(error.text)) throw error;
        const packageId = /'([^']+)'/.exec(error.text)?.[1] ?? `:${hash}`;
        return { packageId, installed: false };
      }
    },
    retry: mayPass,
  });
}

/**
 * Approves a definition for an organisation and waits until all the given peers have committed the approval.
 * Does nothing when it is approved so already.
 *
 * All its peers endorse, not one: the approval is private data of the organisation. A peer that lacks it would hold up
 * its commits for a minute in search of it if the one that has it were gone.
 * @param packageId without it, the organisation approves without having the chaincode
 * @param observers peers that must have seen it; the organisation's own, or all that will be asked for readiness
 * @throws FabricError when refused or not committed within the budget
 */
export async function approveChaincode(
  options: LifecycleOptions,
  organisation: LifecycleOrganisation,
  definition: ChaincodeDefinition,
  packageId: string | undefined,
  observers: readonly PeerEndpoint[] = organisation.peers,
): Promise<{ readonly approved: boolean }> {
  firstPeer(organisation);
  try {
    await transact({
      ...options,
      budgetMs: options.budgetMs ?? 60_000,
      endorsers: organisation.peers,
      observers,
      identity: organisation.admin,
      request: approval(options.channel, definition, packageId),
    });
    return { approved: true };
  } catch (error) {
    if (error instanceof RefusedError && isApproved(error.text)) return { approved: false };
    throw error;
  }
}

/** The call that approves a definition. */
export function approval(
  channel: string,
  definition: ChaincodeDefinition,
  packageId: string | undefined,
): ProposalRequest {
  const args = lifecycle.ApproveChaincodeDefinitionForMyOrgArgs.encode({
    ...definitionFields(definition),
    source:
      packageId === undefined ? { unavailable: {} } : { local_package: { package_id: packageId } },
  }).finish();
  return call('ApproveChaincodeDefinitionForMyOrg', args, channel);
}

/** Whether a refusal of an approval says that it is there already. */
export const isApproved = (text: string): boolean => UNCHANGED.test(text);

/** Which organisations have approved exactly this definition, by MSP id. */
export const readiness = (
  channel: string,
  definition: ChaincodeDefinition,
): Question<Readonly<Record<string, boolean>>> => ({
  ...call(
    'CheckCommitReadiness',
    lifecycle.CheckCommitReadinessArgs.encode(definitionFields(definition)).finish(),
    channel,
  ),
  read: (bytes) => lifecycle.CheckCommitReadinessResult.decode(bytes).approvals,
});

/** The call that commits a definition. */
export function commitment(channel: string, definition: ChaincodeDefinition): ProposalRequest {
  const args = lifecycle.CommitChaincodeDefinitionArgs.encode(
    definitionFields(definition),
  ).finish();
  return call('CommitChaincodeDefinition', args, channel);
}

/**
 * Commits a definition, endorsed by one peer of each organisation, and waits until all their peers have it. Does
 * nothing when it is committed so already.
 * @throws FabricError when an organisation has not approved, another definition has this sequence, or the commit is
 *   refused or late
 */
export async function commitChaincode(
  options: LifecycleOptions,
  organisations: readonly LifecycleOrganisation[],
  definition: ChaincodeDefinition,
): Promise<{ readonly committed: boolean }> {
  const [sender] = organisations;
  if (sender === undefined) throw noOrganisation(definition);
  const { connections, channel } = options;
  const subject = `chaincode ${definition.name} sequence ${definition.sequence} on ${channel}`;
  const ask = <T>(question: Question<T>) =>
    inquire(connections, firstPeer(sender), signerOf(sender.admin), question, patient(QUERY_MS));
  const all = await ask(committedDefinitions(channel));
  const known = all.find(({ name }) => name === definition.name);
  if (known !== undefined && known.sequence >= definition.sequence) {
    if (known.sequence > definition.sequence || isSame(known, definition)) {
      return { committed: false };
    }
    throw new FabricError({
      subject,
      expected: `the definition of version ${definition.version}, or none`,
      seen: `another one, of version ${known.version}`,
    });
  }
  const approvals = await ask(readiness(channel, definition));
  const missing = Object.keys(approvals).filter((mspId) => approvals[mspId] !== true);
  if (missing.length > 0) {
    throw new FabricError({
      subject,
      expected: `approval of this definition by ${Object.keys(approvals).join(', ')}`,
      seen: `none by ${missing.join(', ')}`,
    });
  }
  await transact({
    ...options,
    budgetMs: options.budgetMs ?? 60_000,
    endorsers: organisations.map(firstPeer),
    observers: organisations.flatMap((organisation) => organisation.peers),
    identity: sender.admin,
    request: commitment(channel, definition),
  });
  return { committed: true };
}

/**
 * Approves a definition for all organisations at once, so that the approvals share a block, and commits it. Does only
 * what is missing, so that it can be called again after an interruption.
 * @param packageId of the installed package, the same for all
 * @throws FabricError from the step that failed
 */
export async function defineChaincode(
  options: LifecycleOptions,
  organisations: readonly LifecycleOrganisation[],
  definition: ChaincodeDefinition,
  packageId: string,
): Promise<{ readonly committed: boolean }> {
  const [sender] = organisations;
  if (sender === undefined) throw noOrganisation(definition);
  const peers = organisations.flatMap((organisation) => organisation.peers);
  const { connections, channel } = options;
  // Held over all three transactions, so that they share its streams.
  const { release } = acquireFeed({
    connections,
    signer: signerOf(sender.admin),
    channel,
    peers,
  });
  try {
    await Promise.all(
      organisations.map((organisation) =>
        approveChaincode(options, organisation, definition, packageId, peers),
      ),
    );
    return await commitChaincode(options, organisations, definition);
  } finally {
    await release();
  }
}

function definitionFields(definition: ChaincodeDefinition) {
  return {
    name: definition.name,
    version: definition.version,
    sequence: definition.sequence,
    validation_parameter: encodePolicy(definition.policy),
    init_required: definition.initRequired ?? false,
    collections: collectionPackage(definition.collections),
  };
}

function firstPeer({ mspId, peers: [peer] }: LifecycleOrganisation): PeerEndpoint {
  if (peer !== undefined) return peer;
  throw new FabricError({ subject: `organisation ${mspId}`, expected: 'a peer', seen: 'none' });
}

function noOrganisation({ name }: ChaincodeDefinition): FabricError {
  return new FabricError({
    subject: `chaincode ${name}`,
    expected: 'an organisation',
    seen: 'none',
  });
}
