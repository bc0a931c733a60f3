import type { Credentials } from '../fabric/identities/credentials.ts';
import type { Identities } from '../fabric/identities/identities.ts';
import type { Topology } from '../topology/schema.ts';
import type { Definition } from './chaincode/definition.ts';
import type { Servable } from './chaincode/servable.ts';

/** What the harness has made for a network that it deployed. */
export interface Deployment {
  readonly topology: Topology;
  readonly machines: readonly { readonly number: number; readonly address: string }[];
  readonly identities: Identities;
  readonly credentials: Credentials;
  /** Image reference by image name, as the machines know them. */
  readonly images: Readonly<Record<string, string>>;
  /** Id of the installed package by the chaincode's name. */
  readonly packageIds: Readonly<Record<string, string>>;
  /** What channels are told of each chaincode, by its name. */
  readonly definitions: Readonly<Record<string, Definition>>;
  /** What users' chaincodes were built from, by name. */
  readonly builds: Readonly<Record<string, Omit<Servable, 'name'>>>;
}

/**
 * What the harness has made for a network.
 *
 * @param what needs it
 * @throws Error for a network that others have made
 */
export function deploymentOf(
  { name, deployment }: { readonly name: string; readonly deployment?: Deployment },
  what: string,
): Deployment {
  if (deployment) return deployment;
  throw new Error(
    `${what}: network "${name}" was not made by the harness, which has neither its keys nor its passwords`,
  );
}
