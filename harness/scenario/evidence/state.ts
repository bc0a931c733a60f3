import { canonicalJson, canonicalValue } from '../../audit/canonical.ts';
import { appendTo, paths } from '../../audit/evidence.ts';
import type { StateEntry } from '../../audit/recording.ts';
import type { StateDocument } from '../../network/port.ts';
import type { Session } from '../session.ts';

/** Fabric's own fields in a document (`statecouchdb/couchdoc_conv.go`). */
const VERSION_FIELD = '~version';
/** Attachment that holds a value which is not a JSON object. */
const VALUE_ATTACHMENT = 'valueBytes';

/** The namespaces whose databases are read, for the audit to know: a chaincode's, and that of the definitions. */
export const namespacesOf = (chaincode: string): readonly string[] => [chaincode, '_lifecycle'];

/**
 * Saves what every peer's CouchDB holds of a chaincode's namespace and of the definitions of chaincodes, as the audit
 * reads it. The channel's other databases, those of private data, are left out.
 *
 * @throws Error when a database does not answer or holds a document that Fabric could not have written
 */
export async function saveStates(
  session: Pick<Session, 'network'>,
  folder: string,
  channel: string,
  chaincode: string,
): Promise<void> {
  const { ledgers } = session.network;
  await Promise.all(
    ledgers.members(channel).peers.map(async ({ name }) => {
      using file = appendTo(paths.state(folder, channel, name));
      for (const namespace of namespacesOf(chaincode)) {
        for await (const row of ledgers.documents(name, channel, namespace)) {
          const entry = stateEntry(row);
          if (entry) file.line(namespace === chaincode ? entry : { namespace, ...entry });
        }
      }
    }),
  );
}

/** A document as an entry of the world state; `undefined` for index definitions. */
export function stateEntry({ id, doc }: StateDocument): StateEntry | undefined {
  if (id.startsWith('_design/') || !doc) return undefined;
  const { _id, _rev, _attachments, [VERSION_FIELD]: version, ...fields } = doc;
  const attached = _attachments?.[VALUE_ATTACHMENT]?.data;
  const value =
    attached === undefined
      ? canonicalJson(fields)
      : canonicalValue(Buffer.from(attached, 'base64'));
  return { key: id, value, version: decodeVersion(String(version)) };
}

/**
 * `block:transaction` out of Fabric's version field: base64 of a protobuf message whose field 1 is two order-preserving
 * integers (`statecouchdb/metadata.go`, `internal/version/version.go`: a length byte, then big-endian bytes).
 */
export function decodeVersion(text: string): string {
  const message = Buffer.from(text, 'base64');
  const length = message[1];
  if (message[0] !== 0x0a || length === undefined || message.length < 2 + length)
    return `? (${text})`;
  const numbers: number[] = [];
  for (let at = 2; at < 2 + length; ) {
    const size = message[at] ?? 0;
    numbers.push(size === 0 ? 0 : message.readUIntBE(at + 1, Math.min(size, 6)));
    at += 1 + size;
  }
  return numbers.length === 2 ? `${numbers[0]}:${numbers[1]}` : `? (${text})`;
}
