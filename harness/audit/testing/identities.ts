import * as protos from '../../../fabric-client/protos.ts';
import { Authority, type Member, signLow } from './authority.ts';

/** Who signs in paper networks: three organisations, each with an authority of its own. */
export const AUTHORITIES = {
  Org1MSP: new Authority('Org1MSP'),
  Org2MSP: new Authority('Org2MSP'),
  OrdererMSP: new Authority('OrdererMSP'),
} as const;

const members = new Map<string, Member>();

/** Adds somebody, e.g. a client whose certificate is revoked. */
export function introduce(name: string, member: Member): void {
  members.set(name, member);
}

/** `peer0.org1`, `User1@org2`, `Admin@org1`, `orderer1`, `Admin@orderer`; made when first asked for. */
export function memberOf(name: string): Member {
  let member = members.get(name);
  if (!member) {
    const mspid = name.includes('org1')
      ? 'Org1MSP'
      : name.includes('org2')
        ? 'Org2MSP'
        : 'OrdererMSP';
    const role = name.startsWith('peer')
      ? 'peer'
      : name.startsWith('orderer')
        ? 'orderer'
        : name.startsWith('Admin')
          ? 'admin'
          : 'client';
    member = AUTHORITIES[mspid].issue(`${name}.example.com`, [role]);
    members.set(name, member);
  }
  return member;
}

/** MSP id and certificate, as `msp.SerializedIdentity` has them. */
export function identity(name: string): { readonly mspid: string; readonly id_bytes: Buffer } {
  const { mspid, certificate } = memberOf(name);
  return { mspid, id_bytes: certificate };
}

const serialized = new Map<string, Buffer>();

/** Serialized `msp.SerializedIdentity`. */
export function serializedIdentity(name: string): Buffer {
  const { mspid, id_bytes } = identity(name);
  const key = `${mspid} ${id_bytes.toString('latin1')}`;
  let bytes = serialized.get(key);
  if (!bytes) {
    bytes = Buffer.from(protos.msp.SerializedIdentity.encode({ mspid, id_bytes }).finish());
    serialized.set(key, bytes);
  }
  return bytes;
}

/** What somebody signs, as Fabric does. */
export const signAs = (name: string, ...content: readonly Buffer[]): Buffer =>
  signLow(Buffer.concat(content), memberOf(name).key);
