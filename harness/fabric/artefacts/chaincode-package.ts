import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tar } from './tar.ts';

/**
 * How a peer reaches a chaincode that runs as a service (`connection.json`, read by the peer's external builder).
 * Text values may hold placeholders such as `{{.peername}}`, filled in per peer, so that one package, and so one
 * package id, serves peers with chaincode servers of their own.
 */
export interface ChaincodeConnection {
  readonly address: string;
  readonly dial_timeout: string;
  readonly tls_required: boolean;
  readonly client_auth_required?: boolean;
  /** PEM; roots of the chaincode servers' certificates. */
  readonly root_cert?: string;
}

export interface ChaincodePackage {
  readonly bytes: Buffer;
  /** `label:sha256`, as `peer lifecycle chaincode calculatepackageid` says. */
  readonly packageId: string;
}

/**
 * Packs a chaincode-as-a-service package. The same input gives the same bytes, so the package id is known before
 * anything is installed, and the chaincode servers can be started with it.
 *
 * @param label e.g. `bank_1.0`
 * @param files further files by their path, e.g. `META-INF/statedb/couchdb/indexes/owner.json`
 * @throws Error if the label is none that Fabric takes (`core/chaincode/persistence/chaincode_package.go`)
 */
export async function packageChaincode(
  label: string,
  connection: ChaincodeConnection,
  files: Readonly<Record<string, string>> = {},
): Promise<ChaincodePackage> {
  if (!/^[A-Za-z0-9]+(?:[.+_-][A-Za-z0-9]+)*$/.test(label)) {
    throw new Error(
      `chaincode label: expected letters and digits, single . + _ - between them, saw ${JSON.stringify(label)}`,
    );
  }
  const code = { ...files, 'connection.json': JSON.stringify(connection) };
  const bytes = gzip(
    await tar({
      'metadata.json': JSON.stringify({ type: 'ccaas', label }),
      'code.tar.gz': gzip(await tar(code)),
    }),
  );
  return { bytes, packageId: `${label}:${createHash('sha256').update(bytes).digest('hex')}` };
}

/** Node writes no time into the header, so equal input gives equal output. */
function gzip(content: Buffer): Buffer {
  return gzipSync(content, { level: 9 });
}
