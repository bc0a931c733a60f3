import { rmSync } from 'node:fs';
import { canonicalJson, canonicalValue } from '../../audit/canonical.ts';
import { appendTo, paths } from '../../audit/evidence.ts';
import type { StateEntry } from '../../audit/recording.ts';
import { FieldReader } from '../../fabric/ledger/wire.ts';
import type { StateDocument } from '../../network/port.ts';
import type { Session } from '../session.ts';

/** Fabric's own fields in a document (`statecouchdb/couchdoc_conv.go`). */
const VERSION_FIELD = '~version';
/** Attachment that holds a value which is not a JSON object. */
const VALUE_ATTACHMENT = 'valueBytes';

/** Names of the channel's databases, which no chaincode wrote (`statecouchdb.go`). */
const CHANNEL_METADATA = 'channel_metadata';

/**
 * Saves what every peer's CouchDB holds of a channel, as the audit reads it: values and versions as they are stored, all
 * databases, private collections and their hashes among them.
 *
 * @throws Error when a database does not answer
 */
export async function saveStates(
  session: Pick<Session, 'network'>,
  folder: string,
  channel: string,
  chaincode: string,
): Promise<void> {
  const { ledgers } = session.network;
  const { databases } = ledgers;
  const peers = ledgers
    .members(channel)
    .peers.filter(({ name }) => databases?.includes(name) ?? true);
  await Promise.all(
    peers.map(({ name }) =>
      saveDocuments(
        paths.state(folder, channel, name),
        ledgers.documents(name, channel),
        chaincode,
      ),
    ),
  );
}

/**
 * Writes a peer's documents as the audit reads them, anew.
 *
 * @param chaincode whose namespace goes without saying
 */
export async function saveDocuments(
  path: string,
  documents: AsyncIterable<StateDocument>,
  chaincode?: string,
): Promise<void> {
  rmSync(path, { force: true });
  using file = appendTo(path);
  for await (const row of documents) {
    const entry = stateEntry(row);
    if (entry)
      file.line(row.namespace === chaincode ? entry : { namespace: row.namespace, ...entry });
  }
}

/** A document as an entry of the world state; `undefined` for what is none, such as index definitions. */
export function stateEntry({
  namespace,
  id,
  doc,
}: StateDocument): Omit<StateEntry, 'namespace'> | undefined {
  if (id.startsWith('_design/') || !doc) return undefined;
  if (namespace === '' && id === CHANNEL_METADATA) return undefined;
  const { _id, _rev, _attachments, [VERSION_FIELD]: stored, ...fields } = doc;
  const attached = _attachments?.[VALUE_ATTACHMENT]?.data;
  const value =
    attached === undefined
      ? canonicalJson(fields)
      : canonicalValue(Buffer.from(attached, 'base64'));
  // The savepoint is Fabric's own and has no version.
  if (stored === undefined) return { key: id, value, version: '' };
  const { version, metadata } = decodeVersion(String(stored));
  return { key: id, value, version, ...(metadata !== '' && { metadata }) };
}

/**
 * `block:transaction` and metadata out of Fabric's version field: base64 of a protobuf message whose field 1 is two
 * order-preserving integers and whose field 2 is the metadata (`statecouchdb/dbvalue_encoding.go`,
 * `internal/version/version.go`: a length byte, then big-endian bytes).
 */
export function decodeVersion(text: string): {
  readonly version: string;
  readonly metadata: string;
} {
  const none = { version: `? (${text})`, metadata: '' };
  let numbers: number[] = [];
  let metadata = '';
  try {
    const message = new FieldReader(Buffer.from(text, 'base64'));
    while (message.next()) {
      if (message.field === 1) numbers = orderPreserving(message.view());
      else if (message.field === 2) metadata = message.view().toString('base64');
      else message.skip();
    }
  } catch {
    return none;
  }
  return numbers.length === 2 ? { version: `${numbers[0]}:${numbers[1]}`, metadata } : none;
}

function orderPreserving(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes[at] ?? 0;
    numbers.push(size === 0 ? 0 : bytes.readUIntBE(at + 1, Math.min(size, 6)));
    at += 1 + size;
  }
  return numbers;
}
