import { FabricError } from './errors.ts';
import { common, type FabricProtos, protos } from './protos.ts';

type Rule = FabricProtos.common.ISignaturePolicy;
type Envelope = FabricProtos.common.ISignaturePolicyEnvelope;

const ROLES: Readonly<Record<string, number>> = {
  member: common.MSPRole.MSPRoleType.MEMBER,
  admin: common.MSPRole.MSPRoleType.ADMIN,
  client: common.MSPRole.MSPRoleType.CLIENT,
  peer: common.MSPRole.MSPRoleType.PEER,
  orderer: common.MSPRole.MSPRoleType.ORDERER,
};
const TOKEN = /\s*(?:(AND|OR|OutOf)\s*\(|'([^']*)'|(\d+)|([,)]))/giy;

/**
 * Who must endorse a chaincode's transactions, as the peer's command line takes it: a signature policy such as
 * `AND('Org1MSP.peer', OutOf(1, 'Org2MSP.peer', 'Org3MSP.member'))`, or the path of a policy of the channel
 * configuration such as `/Channel/Application/Endorsement`.
 * @returns serialized `protos.ApplicationPolicy`; empty, which stands for the channel's default, without a policy
 * @throws FabricError that quotes the place where a policy cannot be read
 */
export function encodePolicy(policy: string | undefined): Uint8Array {
  if (policy === undefined) return new Uint8Array();
  const reference = policy.startsWith('/');
  return protos.ApplicationPolicy.encode(
    reference
      ? { channel_config_policy_reference: policy }
      : { signature_policy: parseSignaturePolicy(policy) },
  ).finish();
}

/** A signature policy's text as Fabric's message. @throws as {@link encodePolicy} */
export function parseSignaturePolicy(text: string): Envelope {
  const principals: string[] = [];
  let at = 0;
  const fail = (expected: string): never => {
    throw new FabricError({
      subject: `endorsement policy ${text}`,
      expected,
      seen: `'${text.slice(at)}' at character ${at + 1}`,
    });
  };
  const next = () => {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    at = TOKEN.lastIndex;
    const [, gate, principal, number, mark] = match;
    return { gate: gate?.toLowerCase(), principal, number, mark };
  };
  const rule = (): Rule => {
    const token = next();
    if (token?.principal !== undefined) {
      const known = principals.indexOf(token.principal);
      return { signed_by: known === -1 ? principals.push(token.principal) - 1 : known };
    }
    if (token?.gate === undefined) return fail("AND(…), OR(…), OutOf(n, …) or 'MSP.role'");
    let n: number | undefined;
    if (token.gate === 'outof') {
      n = Number(next()?.number ?? fail('a number'));
      if (next()?.mark !== ',') fail("',' after the number");
    }
    const rules: Rule[] = [];
    let mark: string | undefined;
    do {
      rules.push(rule());
      mark = next()?.mark;
      if (mark === undefined) fail("',' or ')'");
    } while (mark === ',');
    n ??= token.gate === 'and' ? rules.length : 1;
    if (n > rules.length) fail(`at most ${rules.length} of ${rules.length}`);
    return { n_out_of: { n, rules } };
  };
  const parsed = rule();
  if (text.slice(at).trim() !== '') fail('the end');
  return { version: 0, rule: parsed, identities: principals.map((one) => principalOf(one, text)) };
}

function principalOf(text: string, policy: string): FabricProtos.common.IMSPPrincipal {
  const dot = text.lastIndexOf('.');
  const role = ROLES[text.slice(dot + 1).toLowerCase()];
  if (dot < 1 || role === undefined) {
    throw new FabricError({
      subject: `endorsement policy ${policy}`,
      expected: `an MSP id and one of ${Object.keys(ROLES).join(', ')}, e.g. 'Org1MSP.peer'`,
      seen: `'${text}'`,
    });
  }
  return {
    principal_classification: common.MSPPrincipal.Classification.ROLE,
    principal: common.MSPRole.encode({ msp_identifier: text.slice(0, dot), role }).finish(),
  };
}

/** A private data collection; names and defaults of Fabric's collection configuration files. */
export interface CollectionConfig {
  readonly name: string;
  /** Signature policy: which organisations hold its data. */
  readonly policy: string;
  /** Default 0. */
  readonly requiredPeerCount?: number;
  readonly maxPeerCount?: number;
  /** Blocks until the data is purged; 0, the default, is never. */
  readonly blockToLive?: number;
  readonly memberOnlyRead?: boolean;
  readonly memberOnlyWrite?: boolean;
  /** As a chaincode's. */
  readonly endorsementPolicy?: string;
}

/** Fabric's message of a chaincode's collections, or null for none. @throws as {@link encodePolicy} */
export function collectionPackage(
  collections: readonly CollectionConfig[] = [],
): FabricProtos.protos.ICollectionConfigPackage | null {
  if (collections.length === 0) return null;
  return {
    config: collections.map((collection) => ({
      static_collection_config: {
        name: collection.name,
        member_orgs_policy: { signature_policy: parseSignaturePolicy(collection.policy) },
        required_peer_count: collection.requiredPeerCount ?? 0,
        maximum_peer_count: collection.maxPeerCount ?? 0,
        block_to_live: collection.blockToLive ?? 0,
        member_only_read: collection.memberOnlyRead ?? false,
        member_only_write: collection.memberOnlyWrite ?? false,
        endorsement_policy:
          collection.endorsementPolicy === undefined
            ? null
            : protos.ApplicationPolicy.decode(encodePolicy(collection.endorsementPolicy)),
      },
    })),
  };
}
