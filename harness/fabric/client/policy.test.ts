import { encodePolicy } from './policy.ts';
import { common, protos } from './protos.ts';

describe('encodePolicy', () => {
  it('is empty for the channel’s default', () => {
    expect(encodePolicy(undefined)).toHaveLength(0);
  });

  it('refers to a policy of the channel', () => {
    const bytes = encodePolicy({ kind: 'channel', reference: '/Channel/Application/Readers' });
    expect(protos.ApplicationPolicy.decode(bytes).channel_config_policy_reference).toBe(
      '/Channel/Application/Readers',
    );
  });

  it('asks for peers of some organisations', () => {
    const mspIds = ['Org1MSP', 'Org2MSP'];
    const bytes = encodePolicy({ kind: 'peers-of', required: 1, mspIds });
    const policy = protos.ApplicationPolicy.decode(bytes).signature_policy;
    expect(policy?.rule?.n_out_of?.n).toBe(1);
    expect(policy?.rule?.n_out_of?.rules?.map((rule) => rule.signed_by)).toEqual([0, 1]);
    const roles = policy?.identities?.map(({ principal }) =>
      common.MSPRole.decode(principal ?? new Uint8Array()),
    );
    expect(roles?.map((role) => role.msp_identifier)).toEqual(mspIds);
    expect(roles?.every((role) => role.role === common.MSPRole.MSPRoleType.PEER)).toBe(true);
  });
});
