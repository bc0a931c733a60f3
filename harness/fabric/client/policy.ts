import { common, protos } from './protos.ts';

/** Who must endorse a chaincode's transactions. */
export type EndorsementPolicy =
  /** A policy of the channel configuration, e.g. `/Channel/Application/Endorsement`. */
  | { readonly kind: 'channel'; readonly reference: string }
  /** `required` of the organisations' peers, e.g. 1 of two for the classic `OR('Org1MSP.peer','Org2MSP.peer')`. */
  | { readonly kind: 'peers-of'; readonly required: number; readonly mspIds: readonly string[] };

/** Serialized `protos.ApplicationPolicy`; empty stands for the channel's default. */
export function encodePolicy(policy: EndorsementPolicy | undefined): Uint8Array {
  if (policy === undefined) return new Uint8Array();
  if (policy.kind === 'channel') {
    return protos.ApplicationPolicy.encode({
      channel_config_policy_reference: policy.reference,
    }).finish();
  }
  return protos.ApplicationPolicy.encode({
    signature_policy: {
      version: 0,
      rule: {
        n_out_of: { n: policy.required, rules: policy.mspIds.map((_, i) => ({ signed_by: i })) },
      },
      identities: policy.mspIds.map((mspId) => ({
        principal_classification: common.MSPPrincipal.Classification.ROLE,
        principal: common.MSPRole.encode({
          msp_identifier: mspId,
          role: common.MSPRole.MSPRoleType.PEER,
        }).finish(),
      })),
    },
  }).finish();
}
