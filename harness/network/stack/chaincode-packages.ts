import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type ChaincodePackage,
  packageChaincode,
} from '../../fabric/artefacts/chaincode-package.ts';
import type { Identities } from '../../fabric/identities/identities.ts';
import { chaincodeConnection, chaincodeLabel } from '../../fabric/services/chaincode.ts';
import type { Topology } from '../../topology/schema.ts';
import { indexesFolder, type OwnChaincode } from './own-chaincode.ts';

const CHAINCODE_FOLDER = path.resolve(import.meta.dirname, '../../../fixtures/chaincode');

/** The package of each chaincode by its name; the user's own brings its indexes along, if it has any. */
export async function chaincodePackages(
  topology: Topology,
  identities: Identities,
  own: OwnChaincode | undefined,
): Promise<Map<string, ChaincodePackage>> {
  const packages = new Map<string, ChaincodePackage>();
  for (const chaincode of topology.chaincodes) {
    const folder =
      own?.name === chaincode.name
        ? indexesFolder(own)
        : path.join(CHAINCODE_FOLDER, chaincode.name, 'META-INF/statedb/couchdb/indexes');
    const files = folder && existsSync(folder) ? readdirSync(folder) : [];
    const indexes = Object.fromEntries(
      files.map((file) => [file, readFileSync(path.join(folder ?? '', file), 'utf8')]),
    );
    packages.set(
      chaincode.name,
      await packageChaincode(
        chaincodeLabel(chaincode),
        chaincodeConnection(chaincode, identities),
        indexes,
      ),
    );
  }
  return packages;
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
