import path from 'node:path';
import type { ChaincodeDefinition } from '../../../fabric-client/lifecycle.ts';
import { encodePolicy, parseSignaturePolicy } from '../../../fabric-client/policy.ts';
import { messageOf, UsageError } from '../../base/errors.ts';
import type { Topology } from '../../topology/schema.ts';
import {
  COLLECTIONS_FILE,
  collectionsFile,
  collectionsUsed,
  readCollections,
} from './collections.ts';
import { folderOf, type OwnChaincode } from './own-chaincode.ts';

/** What channels are told of a chaincode, but for its name. */
export type Definition = Omit<ChaincodeDefinition, 'name'>;

/**
 * The definition of each chaincode of a network, by its name.
 *
 * @param own users' chaincodes among those of the topology
 * @throws UsageError with every problem: a policy that cannot be read, an organisation that nobody has heard of,
 *   collections that the code uses and nobody defines
 */
export function definitionsOf(
  topology: Topology,
  own: readonly OwnChaincode[],
): Record<string, Definition> {
  const problems: string[] = [];
  const mspIds = topology.organisations.map(({ mspId }) => mspId);
  const definitions = topology.chaincodes.map(({ name, version, sequence }) => {
    const given = own.find((candidate) => candidate.name === name);
    const base = { version, sequence };
    if (!given) return [name, base] as const;
    const subject = `chaincode ${name}`;
    try {
      const definition = { ...base, ...definitionOf(given) };
      const policies = [
        definition.policy,
        ...(definition.collections ?? []).flatMap((c) => [c.policy, c.endorsementPolicy]),
      ];
      for (const policy of policies) {
        if (policy === undefined || policy.startsWith('/')) continue;
        const strange = mspIdsIn(policy).filter((mspId) => !mspIds.includes(mspId));
        if (strange.length > 0) {
          problems.push(
            `${subject}: policy ${policy}: expected organisations of the network ` +
              `(${mspIds.join(', ')}), seen ${strange.join(', ')}`,
          );
        }
      }
      problems.push(...lackingCollections(given, definition).map((text) => `${subject}: ${text}`));
      return [name, definition] as const;
    } catch (error) {
      problems.push(`${subject}: ${messageOf(error)}`);
      return [name, base] as const;
    }
  });
  if (problems.length > 0) throw new UsageError(problems);
  return Object.fromEntries(definitions);
}

function definitionOf(chaincode: OwnChaincode): Partial<Definition> {
  const { policy, initRequired, collections } = chaincode.definition ?? {};
  const folder = folderOf(chaincode);
  const file = collections ?? (folder && collectionsFile(folder));
  encodePolicy(policy);
  return {
    ...(policy === undefined ? {} : { policy }),
    ...(initRequired === undefined ? {} : { initRequired }),
    ...(file === undefined ? {} : { collections: readCollections(file) }),
  };
}

function mspIdsIn(policy: string): string[] {
  parseSignaturePolicy(policy);
  return [...policy.matchAll(/'([^']+)\.\w+'/g)].map(([, mspId = '']) => mspId);
}

function lackingCollections(
  chaincode: OwnChaincode,
  { collections = [] }: Partial<Definition>,
): string[] {
  const folder = folderOf(chaincode);
  if (!folder) return [];
  const known = new Set(collections.map(({ name }) => name));
  return collectionsUsed(folder)
    .filter(({ collection }) => !known.has(collection))
    .map(
      ({ collection, file, line }) =>
        `${path.join(folder, file)}, line ${line}, uses the collection "${collection}": expected its definition in ` +
        `${COLLECTIONS_FILE} of the folder, seen ${known.size > 0 ? `only ${[...known].join(', ')}` : 'none'}`,
    );
}
