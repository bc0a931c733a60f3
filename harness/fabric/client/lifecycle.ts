import { createHash } from 'node:crypto';
import type { Connections } from './connections.ts';
import { query, RefusedError } from './endorser.ts';
import { FabricError, RpcError } from './errors.ts';
import { type EndorsementPolicy, encodePolicy } from './policy.ts';
import { lifecycle, toNumber } from './protos.ts';
import { createSigner } from './signer.ts';
import { transact } from './transact.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from './types.ts';
import { until } from './until.ts';

const LIFECYCLE = '_lifecycle';

export interface ChaincodeDefinition {
  readonly name: string;
  readonly version: string;
  /** 1 for the first definition, one more for each change. */
  readonly sequence: number;
  /** Without one, the channel's `/Channel/Application/Endorsement`: a majority of organisations. */
  readonly policy?: EndorsementPolicy;
  readonly initRequired?: boolean;
}

/** An organisation as chaincode lifecycle needs it. */
export interface LifecycleOrganisation {
  readonly mspId: string;
  readonly admin: SigningIdentity;
  readonly peers: readonly PeerEndpoint[];
}

export interface LifecycleOptions {
  readonly connections: Connections;
  readonly channel: string;
  readonly orderers: readonly Endpoint[];
  /** For the transaction to be committed on all its observers, ms. Default 60 000. */
  readonly budgetMs?: number;
}

/** Package ids that a peer has installed. @throws as `query` */
export async function queryInstalled(
  connections: Connections,
  peer: Endpoint,
  admin: SigningIdentity,
  timeoutMs = 10_000,
): Promise<string[]> {
  const args = lifecycle.QueryInstalledChaincodesArgs.encode({}).finish();
  const request = {
    channel: '',
    chaincode: LIFECYCLE,
    args: ['QueryInstalledChaincodes', args],
  };
  const payload = await query(connections, peer, createSigner(admin), request, timeoutMs);
  const result = lifecycle.QueryInstalledChaincodesResult.decode(payload);
  return result.installed_chaincodes.map((installed) => installed.package_id ?? '');
}

/**
 * Installs a chaincode package on a peer unless it is there. Its id is `label:` and the package's SHA-256.
 * @throws FabricError when the peer refuses or does not answer within the budget
 */
export async function installChaincode(
  connections: Connections,
  peer: Endpoint,
  packageBytes: Uint8Array,
  admin: SigningIdentity,
  budgetMs = 60_000,
): Promise<{ readonly packageId: string; readonly installed: boolean }> {
  const hash = createHash('sha256').update(packageBytes).digest('hex');
  const args = lifecycle.InstallChaincodeArgs.encode({
    chaincode_install_package: packageBytes,
  }).finish();
  const request = { channel: '', chaincode: LIFECYCLE, args: ['InstallChaincode', args] };
  const find = async (timeoutMs: number) =>
    (await queryInstalled(connections, peer, admin, timeoutMs)).find((id) =>
      id.endsWith(`:${hash}`),
    );
  return await until({
    subject: `chaincode package ${hash.slice(0, 12)} on ${peer.name}`,
    expected: 'installed',
    budgetMs,
    look: `log of ${peer.name}`,
    attempt: async (left) => {
      const known = await find(Math.min(left, 10_000));
      if (known !== undefined) return { packageId: known, installed: false };
      const payload = await query(connections, peer, createSigner(admin), request, left);
      const packageId = lifecycle.InstallChaincodeResult.decode(payload).package_id;
      return { packageId, installed: true };
    },
    retry: (error) => error instanceof RpcError,
  });
}

/**
 * Approves a definition for an organisation and waits until all the given peers have committed the approval.
 * Does nothing when it is approved so already.
 * @param observers peers that must have seen it; the organisation's own, or all that will be asked for readiness
 * @throws FabricError when refused or not committed within the budget
 */
export async function approveChaincode(
  options: LifecycleOptions,
  organisation: LifecycleOrganisation,
  definition: ChaincodeDefinition,
  packageId: string,
  observers: readonly Endpoint[] = organisation.peers,
): Promise<{ readonly approved: boolean }> {
  const peer = firstPeer(organisation);
  const args = lifecycle.ApproveChaincodeDefinitionForMyOrgArgs.encode({
    ...definitionFields(definition),
    source: { local_package: { package_id: packageId } },
  }).finish();
  try {
    await transact({
      ...options,
      budgetMs: options.budgetMs ?? 60_000,
      endorsers: [peer],
      observers,
      identity: organisation.admin,
      request: {
        channel: options.channel,
        chaincode: LIFECYCLE,
        args: ['ApproveChaincodeDefinitionForMyOrg', args],
      },
    });
    return { approved: true };
  } catch (error) {
    // core/chaincode/lifecycle/lifecycle.go: "attempted to redefine uncommitted sequence (1) for namespace x with
    // unchanged content", "... the current committed sequence (1) for namespace x with unchanged content"
    if (error instanceof RefusedError && /unchanged content/.test(error.text)) {
      return { approved: false };
    }
    throw error;
  }
}

/** Which organisations have approved exactly this definition, as one peer knows it. @throws as `query` */
export async function checkCommitReadiness(
  options: LifecycleOptions,
  organisation: LifecycleOrganisation,
  definition: ChaincodeDefinition,
): Promise<Readonly<Record<string, boolean>>> {
  const args = lifecycle.CheckCommitReadinessArgs.encode(definitionFields(definition)).finish();
  const payload = await query(
    options.connections,
    firstPeer(organisation),
    createSigner(organisation.admin),
    { channel: options.channel, chaincode: LIFECYCLE, args: ['CheckCommitReadiness', args] },
    10_000,
  );
  return lifecycle.CheckCommitReadinessResult.decode(payload).approvals;
}

/**
 * Commits a definition, endorsed by one peer of each organisation, and waits until all their peers have it.
 * @throws FabricError when an organisation has not approved, or the commit is refused or late
 */
export async function commitChaincode(
  options: LifecycleOptions,
  organisations: readonly LifecycleOrganisation[],
  definition: ChaincodeDefinition,
): Promise<void> {
  const sender = organisations[0];
  if (sender === undefined) throw noOrganisation(definition);
  const approvals = await checkCommitReadiness(options, sender, definition);
  const missing = Object.keys(approvals).filter((mspId) => approvals[mspId] !== true);
  if (missing.length > 0) {
    throw new FabricError({
      subject: `chaincode ${definition.name} sequence ${definition.sequence} on ${options.channel}`,
      expected: `approval of this definition by ${Object.keys(approvals).join(', ')}`,
      seen: `none by ${missing.join(', ')}`,
    });
  }
  const args = lifecycle.CommitChaincodeDefinitionArgs.encode(
    definitionFields(definition),
  ).finish();
  await transact({
    ...options,
    budgetMs: options.budgetMs ?? 60_000,
    endorsers: organisations.map(firstPeer),
    observers: organisations.flatMap((organisation) => organisation.peers),
    identity: sender.admin,
    request: {
      channel: options.channel,
      chaincode: LIFECYCLE,
      args: ['CommitChaincodeDefinition', args],
    },
  });
}

export interface CommittedChaincode {
  readonly version: string;
  readonly sequence: number;
  readonly approvals: Readonly<Record<string, boolean>>;
}

/** The committed definition of a chaincode as one peer knows it, or null. @throws as `query` */
export async function queryCommitted(
  options: Pick<LifecycleOptions, 'connections' | 'channel'>,
  peer: Endpoint,
  identity: SigningIdentity,
  name: string,
): Promise<CommittedChaincode | null> {
  const args = lifecycle.QueryChaincodeDefinitionArgs.encode({ name }).finish();
  try {
    const payload = await query(
      options.connections,
      peer,
      createSigner(identity),
      { channel: options.channel, chaincode: LIFECYCLE, args: ['QueryChaincodeDefinition', args] },
      10_000,
    );
    const result = lifecycle.QueryChaincodeDefinitionResult.decode(payload);
    return {
      version: result.version,
      sequence: toNumber(result.sequence),
      approvals: result.approvals,
    };
  } catch (error) {
    if (error instanceof RefusedError && /not defined/.test(error.text)) return null;
    throw error;
  }
}

/**
 * Takes a chaincode from package to committed definition: installs on all peers at once, approves for all
 * organisations at once (both approvals then share a block), commits. Does only what is missing.
 * @throws FabricError from the step that failed
 */
export async function deployChaincode(
  options: LifecycleOptions,
  organisations: readonly LifecycleOrganisation[],
  definition: ChaincodeDefinition,
  packageBytes: Uint8Array,
): Promise<{ readonly packageId: string; readonly committed: boolean }> {
  const sender = organisations[0];
  if (sender === undefined) throw noOrganisation(definition);
  const installed = await Promise.all(
    organisations.flatMap(({ admin, peers }) =>
      peers.map((peer) => installChaincode(options.connections, peer, packageBytes, admin)),
    ),
  );
  const packageId = installed[0]?.packageId ?? '';
  const known = await queryCommitted(options, firstPeer(sender), sender.admin, definition.name);
  if (known !== null && known.sequence >= definition.sequence) {
    return { packageId, committed: false };
  }
  const everyPeer = organisations.flatMap((organisation) => organisation.peers);
  await Promise.all(
    organisations.map((organisation) =>
      approveChaincode(options, organisation, definition, packageId, everyPeer),
    ),
  );
  await commitChaincode(options, organisations, definition);
  return { packageId, committed: true };
}

function definitionFields(definition: ChaincodeDefinition) {
  return {
    name: definition.name,
    version: definition.version,
    sequence: definition.sequence,
    validation_parameter: encodePolicy(definition.policy),
    init_required: definition.initRequired ?? false,
  };
}

function firstPeer(organisation: LifecycleOrganisation): PeerEndpoint {
  const peer = organisation.peers[0];
  if (peer === undefined) {
    throw new FabricError({
      subject: `organisation ${organisation.mspId}`,
      expected: 'a peer',
      seen: 'none',
    });
  }
  return peer;
}

function noOrganisation(definition: ChaincodeDefinition): FabricError {
  return new FabricError({
    subject: `chaincode ${definition.name}`,
    expected: 'an organisation',
    seen: 'none',
  });
}
