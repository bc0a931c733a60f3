import { X509Certificate } from 'node:crypto';
import { FieldReader } from './wire.ts';

const known: { readonly bytes: Buffer; readonly name: string }[] = [];
const MOST_KNOWN = 64;

/**
 * Common name in the certificate of a serialized identity, or its MSP id where there is no readable certificate. A
 * network has a handful of endorsers, so each certificate is parsed once and then found by its bytes.
 *
 * @throws {MalformedMessage} when the bytes are not `msp.SerializedIdentity`
 */
export function identityName(identity: Buffer): string {
  for (const { bytes, name } of known) {
    if (bytes.equals(identity)) return name;
  }
  let name = '';
  let certificate: Buffer | undefined;
  const reader = new FieldReader(identity);
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) certificate = reader.view();
    else reader.skip();
  }
  if (certificate) {
    try {
      const { subject } = new X509Certificate(certificate);
      name = /^CN=(.*)$/m.exec(subject)?.[1] ?? name;
    } catch {
      // Not X.509 (an Idemix identity, or a test's stand-in): the MSP id is the best name there is.
    }
  }
  if (known.length === MOST_KNOWN) known.shift();
  known.push({ bytes: Buffer.from(identity), name });
  return name;
}
