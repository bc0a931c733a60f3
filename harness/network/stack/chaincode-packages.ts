import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type ChaincodePackage,
  packageChaincode,
} from '../../fabric/artefacts/chaincode-package.ts';
import type { Identities } from '../../fabric/identities/identities.ts';
import {
  type ChaincodeServing,
  chaincodeConnection,
  chaincodeLabel,
} from '../../fabric/services/chaincode.ts';
import type { Topology } from '../../topology/schema.ts';
import { folderOf, type OwnChaincode } from '../chaincode/own-chaincode.ts';
import type { Servable } from '../chaincode/servable.ts';

const CHAINCODE_FOLDER = path.resolve(import.meta.dirname, '../../../fixtures/chaincode');

/** Patience of a peer with a server of which nobody knows how long it takes to answer. */
const OWN_DIAL_TIMEOUT = '10s';

/**
 * The package of each chaincode by its name. A user's own brings its `META-INF` along, and the hash of what it was built
 * from, so that another build has another package id.
 */
export async function chaincodePackages(
  topology: Topology,
  identities: Identities,
  own: readonly OwnChaincode[],
  servable: readonly Servable[],
): Promise<Map<string, ChaincodePackage>> {
  const packages = new Map<string, ChaincodePackage>();
  for (const chaincode of topology.chaincodes) {
    const { name } = chaincode;
    const given = own.find((candidate) => candidate.name === name);
    const folder = given ? folderOf(given) : path.join(CHAINCODE_FOLDER, name);
    const built = servable.find((candidate) => candidate.name === name);
    packages.set(
      name,
      await packageChaincode(
        chaincodeLabel(chaincode),
        built
          ? chaincodeConnection(chaincode, identities, built.tls, OWN_DIAL_TIMEOUT)
          : chaincodeConnection(chaincode, identities),
        {
          ...(folder ? metadataFiles(folder) : {}),
          ...(built ? { 'build.json': JSON.stringify({ hash: built.hash }) } : {}),
        },
      ),
    );
  }
  return packages;
}

/** How each chaincode's servers are started, by its name. */
export function servingOf(
  packages: ReadonlyMap<string, ChaincodePackage>,
  servable: readonly Servable[],
): Record<string, ChaincodeServing> {
  return Object.fromEntries(
    [...packages].map(([name, { packageId }]) => {
      const built = servable.find((one) => one.name === name);
      return [name, { packageId, tls: built?.tls ?? true, namesRoots: built?.namesRoots ?? false }];
    }),
  );
}

/** The files under a chaincode's `META-INF`: indexes of its state and of its collections. */
export function metadataFiles(folder: string): Record<string, string> {
  const root = path.join(folder, 'META-INF');
  if (!existsSync(root)) return {};
  const files = readdirSync(root, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => {
        const absolute = path.join(parentPath, name);
        return [path.relative(folder, absolute), readFileSync(absolute, 'utf8')];
      }),
  );
}

/** The packages as the REST API is handed them: bytes by label. */
export function packagesByLabel(
  topology: Topology,
  packages: ReadonlyMap<string, ChaincodePackage>,
) {
  return Object.fromEntries(
    topology.chaincodes.flatMap((chaincode) => {
      const bytes = packages.get(chaincode.name)?.bytes;
      return bytes ? [[chaincodeLabel(chaincode), bytes] as const] : [];
    }),
  );
}
