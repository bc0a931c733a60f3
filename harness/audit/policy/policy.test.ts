import type { FabricProtos } from '../../../fabric-client/protos.ts';
import * as protos from '../../../fabric-client/protos.ts';
import { Msp } from '../identity/msp.ts';
import { Authority, type Member } from '../testing/authority.ts';
import { outOf, ROLES } from '../testing/paper-channel.ts';
import { implicitPolicy, memberPolicy, NEVER, signaturePolicy } from './policy.ts';

const { common, msp: mspProtos } = protos;
const bytes = (writer: { finish(): Uint8Array }): Buffer => Buffer.from(writer.finish());

const authorities = { A: new Authority('A'), B: new Authority('B') };
const unit = (organizational_unit_identifier: string) => ({ organizational_unit_identifier });
const msps = Object.fromEntries(
  Object.entries(authorities).map(([name, { certificate }]) => [
    name,
    new Msp(
      bytes(
        mspProtos.FabricMSPConfig.encode({
          name,
          root_certs: [certificate],
          fabric_node_ous: {
            enable: true,
            client_ou_identifier: unit('client'),
            peer_ou_identifier: unit('peer'),
            admin_ou_identifier: unit('admin'),
            orderer_ou_identifier: unit('orderer'),
          },
        }),
      ),
    ),
  ]),
);
const member = (msp: 'A' | 'B', role: string) => authorities[msp].issue(`${role}.${msp}`, [role]);
const identify = ({ mspid, certificate }: Member) => (msps[mspid] as Msp).identify(certificate);

const peerA = identify(member('A', 'peer'));
const otherPeerA = identify(member('A', 'peer'));
const clientA = identify(member('A', 'client'));
const adminA = identify(member('A', 'admin'));
const ordererB = identify(member('B', 'orderer'));
const peerB = identify(member('B', 'peer'));
const nobodyA = identify(authorities.A.issue('nobody', []));

type Rule = FabricProtos.common.ISignaturePolicy;
const rules = (rule: Rule, identities: readonly object[]): Buffer =>
  bytes(common.SignaturePolicyEnvelope.encode({ version: 0, rule, identities: [...identities] }));
const principal = (principal_classification: number, content: Buffer) => ({
  principal_classification,
  principal: content,
});

describe('signaturePolicy', () => {
  it('knows roles', () => {
    const satisfied = (role: number) =>
      [peerA, clientA, adminA, nobodyA, peerB].map((who) =>
        signaturePolicy(outOf(1, ['A', role])).isSatisfiedBy([who]),
      );
    expect(satisfied(ROLES.MEMBER)).toEqual([true, true, true, false, false]);
    expect(satisfied(ROLES.PEER)).toEqual([true, false, false, false, false]);
    expect(satisfied(ROLES.CLIENT)).toEqual([false, true, false, false, false]);
    expect(satisfied(ROLES.ADMIN)).toEqual([false, false, true, false, false]);
    expect(satisfied(9)).toEqual([false, false, false, false, false]);
    const orderers = signaturePolicy(outOf(1, ['B', ROLES.ORDERER]));
    expect([ordererB, peerB].map((who) => orderers.isSatisfiedBy([who]))).toEqual([true, false]);
  });

  it('counts each signer once', () => {
    const two = signaturePolicy(outOf(2, ['A', ROLES.PEER], ['A', ROLES.PEER]));
    expect(two.isSatisfiedBy([peerA])).toBe(false);
    expect(two.isSatisfiedBy([peerA, otherPeerA])).toBe(true);
    expect(two.isSatisfiedBy([peerA, peerB])).toBe(false);
    expect(signaturePolicy(outOf(0)).isSatisfiedBy([])).toBe(true);
  });

  it('takes signers in their order, as Fabric does, also where another choice would do', () => {
    // The member's rule comes first and takes the peer, who is then missing for the second.
    const greedy = signaturePolicy(outOf(2, ['A', ROLES.MEMBER], ['A', ROLES.PEER]));
    expect(greedy.isSatisfiedBy([peerA, clientA])).toBe(false);
    expect(greedy.isSatisfiedBy([clientA, peerA])).toBe(true);
  });

  it('gives signers back that a failed rule had taken', () => {
    const identities = [
      [ROLES.PEER, 'A'],
      [ROLES.PEER, 'B'],
    ].map(([role, msp_identifier]) =>
      principal(
        0,
        bytes(
          common.MSPRole.encode({ role: role as number, msp_identifier: msp_identifier as string }),
        ),
      ),
    );
    const both = { n_out_of: { n: 2, rules: [{ signed_by: 0 }, { signed_by: 1 }] } };
    const rule = { n_out_of: { n: 1, rules: [both, { signed_by: 0 }] } };
    expect(signaturePolicy(rules(rule, identities)).isSatisfiedBy([peerA])).toBe(true);
    const all = { n_out_of: { n: 2, rules: [both, { signed_by: 0 }] } };
    expect(signaturePolicy(rules(all, identities)).isSatisfiedBy([peerA, peerB])).toBe(false);
    expect(signaturePolicy(rules(all, identities)).isSatisfiedBy([peerA, peerB, otherPeerA])).toBe(
      true,
    );
  });

  const one = { signed_by: 0 };

  it('knows units, certain certificates and combinations', () => {
    const certifiers_identifier = Buffer.alloc(32);
    const inUnit = principal(
      1,
      bytes(
        common.OrganizationUnit.encode({
          msp_identifier: 'A',
          organizational_unit_identifier: 'peer',
          certifiers_identifier,
        }),
      ),
    );
    expect(signaturePolicy(rules(one, [inUnit])).isSatisfiedBy([peerA])).toBe(false);
    const certain = member('A', 'peer');
    const exactly = principal(
      2,
      bytes(mspProtos.SerializedIdentity.encode({ mspid: 'A', id_bytes: certain.certificate })),
    );
    const policy = signaturePolicy(rules(one, [exactly]));
    expect(policy.isSatisfiedBy([identify(certain)])).toBe(true);
    expect(policy.isSatisfiedBy([peerA, peerB])).toBe(false);
    const combination = principal(
      4,
      bytes(common.CombinedPrincipal.encode({ principals: [exactly] })),
    );
    expect(signaturePolicy(rules(one, [combination])).isSatisfiedBy([identify(certain)])).toBe(
      true,
    );
    const empty = principal(4, Buffer.alloc(0));
    expect(signaturePolicy(rules(one, [empty])).isSatisfiedBy([peerA])).toBe(false);
    expect(
      signaturePolicy(rules(one, [principal(3, Buffer.alloc(0))])).isSatisfiedBy([peerA]),
    ).toBe(false);
  });

  it('cannot be made of what Fabric could not compile', () => {
    expect(() => signaturePolicy(Buffer.alloc(0))).toThrow('policy without a rule');
    expect(() => signaturePolicy(rules({}, []))).toThrow('empty rule');
    expect(() => signaturePolicy(rules({ signed_by: 1 }, []))).toThrow('names a principal');
    const later = Buffer.concat([outOf(0), Buffer.from([8, 1])]);
    expect(() => signaturePolicy(later)).toThrow('policy version');
  });
});

describe('implicitPolicy', () => {
  const yes = signaturePolicy(outOf(0));
  it.each([
    ['any', 0, [true, true, true, false]],
    ['all', 1, [true, false, false, false]],
    ['most', 2, [true, true, false, false]],
  ] as const)('is satisfied by %s of those below', (_, rule, expected) => {
    const below = [0, 1, 2, 3].map((missing) =>
      [yes, yes, yes].map((policy, index) => (index < missing ? NEVER : policy)),
    );
    expect(below.map((list) => implicitPolicy(rule, list).isSatisfiedBy([]))).toEqual(expected);
    expect(implicitPolicy(rule, []).isSatisfiedBy([])).toBe(true);
  });

  it('has a majority of two only with both', () => {
    expect(implicitPolicy(2, [yes, NEVER]).isSatisfiedBy([])).toBe(false);
    expect(implicitPolicy(2, [yes, yes]).isSatisfiedBy([])).toBe(true);
  });
});

describe('memberPolicy', () => {
  it('is satisfied by a valid member', () => {
    const policy = memberPolicy('A');
    expect([peerA, nobodyA, peerB].map((who) => policy.isSatisfiedBy([who]))).toEqual([
      true,
      false,
      false,
    ]);
  });
});
