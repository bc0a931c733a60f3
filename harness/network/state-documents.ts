import { parseExact } from '../base/exact-json.ts';
import { patient } from '../base/patience.ts';
import type { Deployment } from './deployment.ts';
import type { StateDocument } from './port.ts';

/** Rows of one page of `_all_docs`; with their documents about half a megabyte. */
const PAGE = 1_000;
const BUDGET_MS = 30_000;

/** Document of the channel's own database that names all others (`statecouchdb.go`). */
const CHANNEL_METADATA = 'channel_metadata';

/** `couchdbutil.go constructNamespaceDBName`, for channel names of ordinary length. */
export const databaseName = (channel: string, namespace: string): string =>
  `${channel.replaceAll('.', '$')}_${namespace.replace(/[A-Z]/g, (letter) => `$${letter.toLowerCase()}`)}`;

/** A CouchDB and who may read there. */
export interface StateServer {
  /** `http://host:port`. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/**
 * {@link documentsOn} the database of a peer that the harness has deployed.
 *
 * @throws Error when there is no such peer, or its database does not answer
 */
export function stateDocuments(
  { topology, machines, credentials }: Deployment,
  peer: string,
  channel: string,
): AsyncGenerator<StateDocument> {
  const couchdb = topology.organisations
    .flatMap((o) => o.peers)
    .find((p) => p.name === peer)?.couchdb;
  const machine = machines.find(({ number }) => number === couchdb?.machine);
  if (!couchdb || !machine) throw new Error(`${peer}: expected a peer with CouchDB, seen none`);
  const url = `http://${machine.address}:${couchdb.ports.http}`;
  return documentsOn({ url, ...credentials.couchdb }, channel);
}

/**
 * Every document of every database that a CouchDB has of a channel, attachments included: those of chaincodes, of
 * their definitions, of the channel itself, of private collections and of their hashes. Numbers are kept as they are
 * written (`parseExact`).
 *
 * @param taken told of the letters of each page, and waited for: where others use the database too
 * @throws Error when it does not answer
 */
export async function* documentsOn(
  { url, user, password }: StateServer,
  channel: string,
  taken: (letters: number) => Promise<void> = async () => {},
): AsyncGenerator<StateDocument> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const databases = new Map([['', databaseName(channel, '')]]);
  for (const [namespace, name] of databases) {
    const base = `${url}/${encodeURIComponent(name)}`;
    for await (const { id, doc } of documentsOf(base, authorization, taken)) {
      // Taken in while the map is walked: the channel's own database is the first.
      if (namespace === '' && id === CHANNEL_METADATA) {
        for (const [listed, database] of listedIn(doc)) databases.set(listed, database);
      }
      yield { namespace, id, ...(doc && { doc }) };
    }
  }
}

type Document = StateDocument['doc'];

/** Namespaces and names of their databases. */
function listedIn(doc: Document): [string, string][] {
  const listed = (doc?.['NamespaceDBsInfo'] ?? {}) as Record<string, { DBName?: string }>;
  return Object.entries(listed).flatMap(([namespace, { DBName }]) =>
    DBName === undefined ? [] : [[namespace, DBName] as [string, string]],
  );
}

async function* documentsOf(
  base: string,
  authorization: string,
  taken: (letters: number) => Promise<void>,
): AsyncGenerator<Omit<StateDocument, 'namespace'>> {
  let start: string | undefined;
  for (;;) {
    const query = new URLSearchParams({
      include_docs: 'true',
      attachments: 'true',
      limit: String(PAGE + 1),
      ...(start === undefined ? {} : { startkey: JSON.stringify(start) }),
    });
    const response = await fetch(`${base}/_all_docs?${query}`, {
      headers: { authorization, accept: 'application/json' },
      signal: AbortSignal.timeout(patient(BUDGET_MS)),
    });
    if (!response.ok) {
      throw new Error(
        `${base}: expected its documents, seen ${response.status} ${await response.text()}`,
      );
    }
    const text = await response.text();
    await taken(text.length);
    const { rows: page } = parseExact(text) as {
      rows: Omit<StateDocument, 'namespace'>[];
    };
    yield* page.slice(0, PAGE);
    start = page[PAGE]?.id;
    if (start === undefined) return;
  }
}
