import * as protos from '../../../fabric-client/protos.ts';
import { Authority, type Member } from '../testing/authority.ts';
import { Msp } from './msp.ts';

type Config = Parameters<typeof protos.msp.FabricMSPConfig.encode>[0];

const root = new Authority('M');
const below = new Authority('M', root);
const lowest = new Authority('M', below, 'ca.lowest');
const other = new Authority('M', undefined, 'ca.other');

const unit = (organizational_unit_identifier: string, authority?: Authority) => ({
  organizational_unit_identifier,
  certificate: authority?.certificate ?? Buffer.alloc(0),
});

const msp = (config: Config = {}): Msp =>
  new Msp(
    Buffer.from(
      protos.msp.FabricMSPConfig.encode({
        name: 'M',
        root_certs: [root.certificate],
        ...config,
      }).finish(),
    ),
  );

const fault = (member: Member, config: Config = {}): string | null =>
  msp(config).identify(member.certificate).fault;

describe('Msp', () => {
  it('takes members of its roots, and nobody else', () => {
    expect(fault(root.issue('a', []))).toBeNull();
    expect(fault(other.issue('a', []))).toBe('no authority of M issued it');
    expect(fault({ ...root.issue('a', []), certificate: root.certificate })).toBe(
      'the certificate is that of an authority',
    );
    expect(fault(below.issue('a', []))).toBe('no authority of M issued it');
  });

  it('takes members of intermediates, but not of those that have others below', () => {
    const two = { intermediate_certs: [below.certificate, lowest.certificate] };
    expect(fault(below.issue('a', []), { intermediate_certs: [below.certificate] })).toBeNull();
    expect(fault(lowest.issue('a', []), two)).toBeNull();
    expect(fault(below.issue('a', []), two)).toBe('its issuer is an authority above others');
    expect(fault(root.issue('a', []), two)).toBe('its issuer is an authority above others');
  });

  it('wants one chain', () => {
    const twice = { root_certs: [root.certificate, root.certificate] };
    expect(fault(root.issue('a', []), twice)).toBe('2 chains lead to roots of M');
  });

  it('does not mind times but for those of the chain when the certificate began', () => {
    const old = { notBefore: '261102000000Z', notAfter: '261103000000Z' };
    expect(fault(root.issue('a', [], old))).toBeNull();
    const before = { notBefore: '250102000000Z', notAfter: '361103000000Z' };
    expect(fault(root.issue('a', [], before))).toBe('no authority of M issued it');
    const never = { notBefore: '261103000000Z', notAfter: '261102000000Z' };
    expect(fault(root.issue('a', [], never))).toBe('the certificate is never in force');
  });

  it('knows who is revoked, by the authority that issued them', () => {
    const revoked = root.issue('a', [], { serial: 300 });
    const lists = (...revocation_list: Buffer[]) => ({ revocation_list });
    expect(fault(revoked, lists(root.revoke([7, 300])))).toBe('the certificate is revoked');
    expect(fault(revoked, lists(root.revoke([7])))).toBeNull();
    expect(fault(revoked, lists(root.revoke([])))).toBeNull();
    expect(fault(revoked, lists(other.revoke([300])))).toBeNull();
    expect(fault(revoked, lists(root.revoke([300], other)))).toBeNull();
  });

  it('tells roles apart by node units', () => {
    const fabric_node_ous = {
      enable: true,
      client_ou_identifier: unit('client'),
      peer_ou_identifier: unit('peer', root),
      admin_ou_identifier: unit('admin', other),
    };
    const roots = { root_certs: [root.certificate, other.certificate] };
    const config = { ...roots, fabric_node_ous };
    const peer = root.issue('p', ['peer', 'department']);
    expect(fault(peer, config)).toBeNull();
    const set = msp(config);
    const who = set.identify(peer.certificate);
    expect([set.hasRoles, set.hasRole(who, 'peer'), set.hasRole(who, 'client')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(set.hasRole(who, 'orderer')).toBe(false);
    expect(fault(root.issue('a', []), config)).toBe(
      'it has 0 of the roles client, peer, admin, expected 1',
    );
    expect(fault(root.issue('a', ['peer', 'client']), config)).toMatch(/^it has 2 of the roles/);
    expect(fault(root.issue('a', ['admin']), config)).toBe(
      'its unit admin is certified by another authority',
    );
    const off = { ...config, fabric_node_ous: { ...fabric_node_ous, enable: false } };
    expect(fault(root.issue('a', []), off)).toBeNull();
    expect(msp(off).hasRoles).toBe(false);
  });

  it('wants one of its units where it names some', () => {
    const config = { organizational_unit_identifiers: [unit('sales', root)] };
    expect(fault(root.issue('a', ['sales']), config)).toBeNull();
    expect(fault(root.issue('a', ['research']), config)).toBe(
      'none of its units (research) belongs to M',
    );
  });

  it('knows admins by their certificates, and identities whatever their PEM', () => {
    const admin = root.issue('a', []);
    const set = msp({ admins: [admin.certificate] });
    const who = set.identify(admin.certificate);
    expect(set.isAdmin(who)).toBe(true);
    expect(set.isAdmin(set.identify(root.issue('b', []).certificate))).toBe(false);
    const wide = Buffer.from(`\n\n${admin.certificate.toString().replaceAll('\n', '\r\n')}`);
    expect(set.identify(wide).id).toBe(who.id);
    expect(() => set.identify(Buffer.from('no certificate'))).toThrow('no PEM');
  });

  it('cannot be set up without a root, or with an intermediate of somebody else', () => {
    expect(() => msp({ root_certs: [] })).toThrow('M has no root certificate');
    const foreign = new Authority('M', other, 'ca.foreign');
    expect(() => msp({ intermediate_certs: [foreign.certificate] })).toThrow(
      'intermediate of M: no authority of M issued it',
    );
  });
});
