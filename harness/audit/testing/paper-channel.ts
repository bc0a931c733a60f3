import type { FabricProtos } from '../../../fabric-client/protos.ts';
import * as protos from '../../../fabric-client/protos.ts';
import { AUTHORITIES, serializedIdentity, signAs } from './identities.ts';

/** The channel's configuration of paper networks, and the definition of its chaincode, as Fabric's tools write them. */

const { common, msp, orderer, lifecycle } = protos;
const peer = protos.protos;
const finish = (writer: { finish(): Uint8Array }): Buffer => Buffer.from(writer.finish());

const MEMBER = 0;
const ADMIN = 1;
const CLIENT = 2;
const PEER = 3;
const ORDERER_ROLE = 4;
export const ROLES = { MEMBER, ADMIN, CLIENT, PEER, ORDERER: ORDERER_ROLE } as const;

/** `n` out of some roles of organisations. @returns serialized `common.SignaturePolicyEnvelope` */
export function outOf(n: number, ...principals: readonly (readonly [string, number])[]): Buffer {
  return finish(
    common.SignaturePolicyEnvelope.encode({
      version: 0,
      rule: {
        n_out_of: { n, rules: principals.map((_, index) => ({ signed_by: index })) },
      },
      identities: principals.map(([msp_identifier, role]) => ({
        principal_classification: 0,
        principal: finish(common.MSPRole.encode({ msp_identifier, role })),
      })),
    }),
  );
}

const SIGNATURE = 1;
const IMPLICIT_META = 3;
const implicit = (rule: number, sub_policy: string) => ({
  policy: {
    type: IMPLICIT_META,
    value: finish(common.ImplicitMetaPolicy.encode({ rule, sub_policy })),
  },
  mod_policy: 'Admins',
});
const signed = (value: Buffer) => ({ policy: { type: SIGNATURE, value }, mod_policy: 'Admins' });
const ANY = 0;
const MAJORITY = 2;

type Group = FabricProtos.common.IConfigGroup;

/** What a test may change in a configuration. */
export interface ChannelOptions {
  readonly batchSize?: number;
  /** PEM, by MSP id. */
  readonly revocations?: Readonly<Record<string, readonly Buffer[]>>;
  /** Versions of the elements that changed since the genesis block, by path below the root. */
  readonly versions?: Readonly<Record<string, number>>;
  readonly edit?: (root: Group) => void;
}

function organisation(
  mspId: keyof typeof AUTHORITIES,
  options: ChannelOptions,
  policies: Record<string, Buffer>,
): Group {
  const unit = (organizational_unit_identifier: string) => ({ organizational_unit_identifier });
  const config = finish(
    msp.FabricMSPConfig.encode({
      name: mspId,
      root_certs: [AUTHORITIES[mspId].certificate],
      revocation_list: [...(options.revocations?.[mspId] ?? [])],
      fabric_node_ous: {
        enable: true,
        client_ou_identifier: unit('client'),
        peer_ou_identifier: unit('peer'),
        admin_ou_identifier: unit('admin'),
        orderer_ou_identifier: unit('orderer'),
      },
    }),
  );
  return {
    mod_policy: 'Admins',
    values: {
      MSP: { value: finish(msp.MSPConfig.encode({ type: 0, config })), mod_policy: 'Admins' },
    },
    policies: Object.fromEntries(
      Object.entries(policies).map(([name, value]) => [name, signed(value)]),
    ),
  };
}

const capabilities = (name: string) => ({
  value: finish(common.Capabilities.encode({ capabilities: { [name]: {} } })),
  mod_policy: 'Admins',
});

/** `common.ConfigGroup` of the channel. */
export function channelGroup(options: ChannelOptions = {}): Group {
  const member = (mspId: 'Org1MSP' | 'Org2MSP'): Group =>
    organisation(mspId, options, {
      Readers: outOf(1, [mspId, MEMBER]),
      Writers: outOf(1, [mspId, ADMIN], [mspId, CLIENT]),
      Admins: outOf(1, [mspId, ADMIN]),
      Endorsement: outOf(1, [mspId, PEER]),
    });
  const usual = {
    Readers: implicit(ANY, 'Readers'),
    Writers: implicit(ANY, 'Writers'),
    Admins: implicit(MAJORITY, 'Admins'),
  };
  const root: Group = {
    mod_policy: 'Admins',
    policies: usual,
    values: { Capabilities: capabilities('V2_0') },
    groups: {
      Orderer: {
        mod_policy: 'Admins',
        policies: { ...usual, BlockValidation: implicit(ANY, 'Writers') },
        values: {
          Capabilities: capabilities('V2_0'),
          ConsensusType: {
            value: finish(orderer.ConsensusType.encode({ type: 'kafka' })),
            mod_policy: 'Admins',
          },
          BatchSize: {
            value: finish(orderer.BatchSize.encode({ max_message_count: options.batchSize ?? 10 })),
            mod_policy: 'Admins',
          },
        },
        groups: {
          OrdererOrg: organisation('OrdererMSP', options, {
            Readers: outOf(1, ['OrdererMSP', MEMBER]),
            Writers: outOf(1, ['OrdererMSP', MEMBER]),
            Admins: outOf(1, ['OrdererMSP', ADMIN]),
          }),
        },
      },
      Application: {
        mod_policy: 'Admins',
        policies: {
          ...usual,
          Endorsement: implicit(MAJORITY, 'Endorsement'),
          LifecycleEndorsement: implicit(MAJORITY, 'Endorsement'),
        },
        values: { Capabilities: capabilities('V2_5') },
        groups: { Org1: member('Org1MSP'), Org2: member('Org2MSP') },
      },
    },
  };
  options.edit?.(root);
  return root;
}

/** The update that sets a value of the orderers' group, signed. @returns serialized `common.Envelope` */
export function ordererUpdate(
  channel: string,
  value: string,
  before: Group,
  after: Group,
  signers: readonly string[],
): Buffer {
  const old = before.groups?.['Orderer'];
  const path = (values: Group['values']): Group => ({
    version: before.version ?? 0,
    groups: { Orderer: { version: old?.version ?? 0, values: values ?? {} } },
  });
  const update = finish(
    common.ConfigUpdate.encode({
      channel_id: channel,
      read_set: path({}),
      write_set: path({ [value]: after.groups?.['Orderer']?.values?.[value] ?? {} }),
    }),
  );
  return signedUpdate(channel, update, signers);
}

/** @param update - serialized `common.ConfigUpdate` */
export function signedUpdate(channel: string, update: Buffer, signers: readonly string[]): Buffer {
  const data = finish(
    common.ConfigUpdateEnvelope.encode({
      config_update: update,
      signatures: signers.map((name) => {
        const signature_header = finish(
          common.SignatureHeader.encode({
            creator: serializedIdentity(name),
            nonce: Buffer.from(`${name} agrees`),
          }),
        );
        return { signature_header, signature: signAs(name, signature_header, update) };
      }),
    }),
  );
  const payload = finish(
    common.Payload.encode({
      header: {
        channel_header: finish(
          common.ChannelHeader.encode({
            type: common.HeaderType.CONFIG_UPDATE,
            channel_id: channel,
          }),
        ),
      },
      data,
    }),
  );
  return finish(common.Envelope.encode({ payload }));
}

export interface PaperDefinition {
  readonly sequence?: number;
  readonly version?: string;
  /** Serialized `common.SignaturePolicyEnvelope`; the channel's `Endorsement` if absent. */
  readonly endorsement?: Buffer;
  readonly plugin?: string;
  readonly collections?: readonly {
    readonly name: string;
    readonly members: readonly string[];
    readonly endorsement?: Buffer;
    readonly blockToLive?: number;
  }[];
}

/** What `_lifecycle` holds of a definition: keys and values, the latter as latin1. */
export function definitionState(
  chaincode: string,
  definition: PaperDefinition = {},
): Map<string, string> {
  const { sequence = 1, version = '1.0', endorsement, plugin = 'vscc', collections } = definition;
  const state = (data: object): string =>
    finish(lifecycle.StateData.encode(data)).toString('latin1');
  const validation_parameter = finish(
    peer.ApplicationPolicy.encode(
      endorsement
        ? { signature_policy: common.SignaturePolicyEnvelope.decode(endorsement) }
        : { channel_config_policy_reference: '/Channel/Application/Endorsement' },
    ),
  );
  const fields = {
    Collections: finish(
      peer.CollectionConfigPackage.encode({
        config: (collections ?? []).map(({ name, members, endorsement: own, blockToLive }) => ({
          static_collection_config: {
            name,
            member_orgs_policy: {
              signature_policy: common.SignaturePolicyEnvelope.decode(
                outOf(1, ...members.map((id) => [id, MEMBER] as const)),
              ),
            },
            block_to_live: blockToLive ?? 0,
            ...(own && {
              endorsement_policy: {
                signature_policy: common.SignaturePolicyEnvelope.decode(own),
              },
            }),
          },
        })),
      }),
    ),
    EndorsementInfo: finish(
      lifecycle.ChaincodeEndorsementInfo.encode({ version, endorsement_plugin: 'escc' }),
    ),
    ValidationInfo: finish(
      lifecycle.ChaincodeValidationInfo.encode({
        validation_plugin: plugin,
        validation_parameter,
      }),
    ),
  };
  return new Map([
    [
      `namespaces/metadata/${chaincode}`,
      finish(
        lifecycle.StateMetadata.encode({
          datatype: 'ChaincodeDefinition',
          fields: ['Sequence', ...Object.keys(fields)],
        }),
      ).toString('latin1'),
    ],
    [`namespaces/fields/${chaincode}/Sequence`, state({ Int64: sequence })],
    ...Object.entries(fields).map(([name, bytes]): [string, string] => [
      `namespaces/fields/${chaincode}/${name}`,
      state({ Bytes: bytes }),
    ]),
  ]);
}
