import { collectionPackage, encodePolicy } from './policy.ts';
import { common, type FabricProtos, protos } from './protos.ts';

const signaturePolicy = (text: string) =>
  protos.ApplicationPolicy.decode(encodePolicy(text)).signature_policy;

/** A rule as text again, principals by number. */
function shape(rule: FabricProtos.common.ISignaturePolicy | null | undefined): string {
  const all = rule?.n_out_of;
  return all ? `${all.n}(${(all.rules ?? []).map(shape).join(' ')})` : `${rule?.signed_by}`;
}

describe('encodePolicy', () => {
  it('is empty for the channel’s default', () => {
    expect(encodePolicy(undefined)).toHaveLength(0);
  });

  it('refers to a policy of the channel', () => {
    const bytes = encodePolicy('/Channel/Application/Readers');
    expect(protos.ApplicationPolicy.decode(bytes).channel_config_policy_reference).toBe(
      '/Channel/Application/Readers',
    );
  });

  it('asks for peers of some organisations', () => {
    const mspIds = ['Org1MSP', 'Org2MSP'];
    const policy = signaturePolicy("OR('Org1MSP.peer','Org2MSP.peer')");
    expect(policy?.rule?.n_out_of?.n).toBe(1);
    expect(policy?.rule?.n_out_of?.rules?.map((rule) => rule.signed_by)).toEqual([0, 1]);
    const roles = policy?.identities?.map(({ principal }) =>
      common.MSPRole.decode(principal ?? new Uint8Array()),
    );
    expect(roles?.map((role) => role.msp_identifier)).toEqual(mspIds);
    expect(roles?.every((role) => role.role === common.MSPRole.MSPRoleType.PEER)).toBe(true);
  });

  it.each([
    ["'A.member'", '0', 1],
    ["AND('A.peer', 'B.peer', 'C.admin')", '3(0 1 2)', 3],
    ["OutOf(2, 'A.peer', 'B.peer', 'C.peer')", '2(0 1 2)', 3],
    ["and('A.peer',OR('B.peer','A.peer'))", '2(0 1(1 0))', 2],
    ["OR('org.with.dots.peer')", '1(0)', 1],
  ])('reads %s', (text, rule, identities) => {
    const policy = signaturePolicy(text);
    expect(shape(policy?.rule)).toBe(rule);
    expect(policy?.identities).toHaveLength(identities);
  });

  it.each([
    ['', /expected AND/],
    ["AND('A.peer'", /expected ',' or '\)'/],
    ["OutOf('A.peer')", /expected a number/],
    ["OutOf(3, 'A.peer')", /at most 1 of 1/],
    ["AND('A.peer') OR", /expected the end/],
    ["OR('A.nobody')", /expected an MSP id and one of member, .*got 'A\.nobody'/],
    ["OR('peer')", /expected an MSP id/],
    ['XOR(1)', /at character 1/],
  ])('says what is wrong with %s', (text, expected) => {
    expect(() => encodePolicy(text)).toThrow(expected);
  });
});

describe('collections', () => {
  it('carry members, counts and an endorsement policy of their own', () => {
    expect(collectionPackage([])).toBeNull();
    const made = protos.CollectionConfigPackage.fromObject(
      collectionPackage([
        { name: 'a', policy: "OR('Org1MSP.member')", maxPeerCount: 1, memberOnlyRead: true },
        { name: 'b', policy: "OR('Org2MSP.member')", endorsementPolicy: "OR('Org2MSP.peer')" },
      ]) ?? {},
    );
    const [a, b] = made.config.map((one) => one.static_collection_config);
    expect(a).toMatchObject({ name: 'a', maximum_peer_count: 1, member_only_read: true });
    expect(shape(a?.member_orgs_policy?.signature_policy?.rule)).toBe('1(0)');
    expect(shape(b?.endorsement_policy?.signature_policy?.rule)).toBe('1(0)');
  });
});
