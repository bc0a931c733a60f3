import { FieldReader, MalformedMessage } from '../../fabric/ledger/wire.ts';
import type { Identity, MspRole } from '../identity/msp.ts';

/**
 * Signature policies and implicit meta policies as Fabric evaluates them (common/cauthdsl, common/policies). A policy is
 * asked with identities whose signatures have been verified and which are all different; whether each of them is valid
 * is part of what a principal asks.
 */
export interface Policy {
  /** Unique while an audit runs, so that answers can be remembered. */
  readonly id: number;
  isSatisfiedBy(signers: readonly Identity[]): boolean;
}

let policies = 0;
const nextId = (): number => {
  policies += 1;
  return policies;
};

/** For a policy that does not exist or cannot be read: Fabric's evaluation fails. */
export const NEVER: Policy = { id: nextId(), isSatisfiedBy: () => false };

type Principal = (identity: Identity) => boolean;
type Rule = (signers: readonly Identity[], used: boolean[]) => boolean;

/**
 * @param bytes - serialized `common.SignaturePolicyEnvelope`
 * @throws {MalformedMessage} when Fabric could not compile it either
 */
export function signaturePolicy(bytes: Buffer): Policy {
  let rule: FieldReader | undefined;
  const principals: Principal[] = [];
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === 1 && reader.varint() !== 0) throw new MalformedMessage('policy version');
    else if (reader.field === 2) rule = reader.message();
    else if (reader.field === 3) principals.push(principalOf(reader.view()));
    else if (reader.field !== 1) reader.skip();
  }
  if (!rule) throw new MalformedMessage('policy without a rule');
  const compiled = compile(rule, principals);
  return {
    id: nextId(),
    isSatisfiedBy: (signers) =>
      compiled(
        signers,
        signers.map(() => false),
      ),
  };
}

/** `n` of some rules, or a signature by one principal: `common.SignaturePolicy`. */
function compile(reader: FieldReader, principals: readonly Principal[]): Rule {
  let rule: Rule | undefined;
  while (reader.next()) {
    if (reader.field === 1) rule = signedBy(principals[reader.varint()]);
    else if (reader.field === 2) rule = outOf(reader.message(), principals);
    else reader.skip();
  }
  if (!rule) throw new MalformedMessage('empty rule in a policy');
  return rule;
}

function signedBy(principal: Principal | undefined): Rule {
  if (!principal) throw new MalformedMessage('policy names a principal that it does not have');
  return (signers, used) => {
    const found = signers.findIndex((signer, index) => !used[index] && principal(signer));
    if (found !== -1) used[found] = true;
    return found !== -1;
  };
}

function outOf(reader: FieldReader, principals: readonly Principal[]): Rule {
  let least = 0;
  const rules: Rule[] = [];
  while (reader.next()) {
    if (reader.field === 1) least = reader.varint();
    else if (reader.field === 2) rules.push(compile(reader.message(), principals));
    else reader.skip();
  }
  return (signers, used) => {
    let satisfied = 0;
    for (const rule of rules) {
      const attempt = [...used];
      if (!rule(signers, attempt)) continue;
      satisfied += 1;
      for (const [index, taken] of attempt.entries()) used[index] = taken;
    }
    return satisfied >= least;
  };
}

const ROLES: Readonly<Record<number, MspRole>> = {
  1: 'admin',
  2: 'client',
  3: 'peer',
  4: 'orderer',
};

/** `msp.MSPPrincipal`. One that cannot be read is satisfied by nobody. */
function principalOf(bytes: Buffer): Principal {
  let kind = 0;
  let content: Buffer = Buffer.alloc(0);
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) kind = reader.varint();
    else if (reader.field === 2) content = reader.view();
    else reader.skip();
  }
  switch (kind) {
    case 0:
      return byRole(content);
    case 1:
      return byUnit(content);
    case 2:
      return byIdentity(content);
    case 4:
      return combined(content);
    default:
      return () => false;
  }
}

function byRole(content: Buffer): Principal {
  let name = '';
  let number = 0;
  const reader = new FieldReader(content);
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) number = reader.varint();
    else reader.skip();
  }
  const role = ROLES[number];
  return (identity) => {
    const { msp, fault } = identity;
    if (msp.name !== name) return false;
    if (number === 0) return fault === null;
    if (role === 'admin' && msp.isAdmin(identity)) return true;
    return role !== undefined && fault === null && msp.hasRole(identity, role);
  };
}

function byUnit(content: Buffer): Principal {
  let name = '';
  let unit = '';
  let certifier = '';
  const reader = new FieldReader(content);
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) unit = reader.text();
    else if (reader.field === 3) certifier = reader.view().toString('hex');
    else reader.skip();
  }
  return (identity) =>
    identity.msp.name === name &&
    identity.fault === null &&
    identity.msp.hasUnit(identity, unit, certifier);
}

/** A certain certificate: `msp.SerializedIdentity`. */
function byIdentity(content: Buffer): Principal {
  const { mspId, pem } = serializedIdentity(content);
  return (identity) => {
    if (identity.msp.name !== mspId || identity.fault !== null) return false;
    try {
      return identity.msp.identify(pem).id === identity.id;
    } catch {
      return false;
    }
  };
}

function combined(content: Buffer): Principal {
  const all: Principal[] = [];
  const reader = new FieldReader(content);
  while (reader.next()) {
    if (reader.field === 1) all.push(principalOf(reader.view()));
    else reader.skip();
  }
  return (identity) => all.length > 0 && all.every((principal) => principal(identity));
}

/** @throws {MalformedMessage} when the bytes are not `msp.SerializedIdentity` */
export function serializedIdentity(bytes: Buffer): {
  readonly mspId: string;
  readonly pem: Buffer;
} {
  let mspId = '';
  let pem: Buffer = Buffer.alloc(0);
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) mspId = reader.text();
    else if (reader.field === 2) pem = reader.view();
    else reader.skip();
  }
  return { mspId, pem };
}

const ANY = 0;
const ALL = 1;

/** Satisfied when any, all or most of some policies are; with none of them, always (policies/implicitmeta.go). */
export function implicitPolicy(rule: number, below: readonly Policy[]): Policy {
  const least =
    below.length === 0
      ? 0
      : rule === ANY
        ? 1
        : rule === ALL
          ? below.length
          : Math.floor(below.length / 2) + 1;
  return {
    id: nextId(),
    isSatisfiedBy: (signers) =>
      below.filter((policy) => policy.isSatisfiedBy(signers)).length >= least,
  };
}

/** Satisfied by any valid member of an organisation: Fabric's default where a channel has no policy for it. */
export function memberPolicy(mspId: string): Policy {
  return {
    id: nextId(),
    isSatisfiedBy: (signers) =>
      signers.some(({ msp, fault }) => msp.name === mspId && fault === null),
  };
}
