import type { Deployment } from './deployment.ts';
import type { StateDocument } from './port.ts';

/** Rows of one page of `_all_docs`; with their documents about half a megabyte. */
const PAGE = 1_000;
const BUDGET_MS = 30_000;

/** `couchdb_util.go constructNamespaceDBName`, for channel names without dots and of ordinary length. */
export const databaseName = (channel: string, namespace: string): string =>
  `${channel}_${namespace}`;

/**
 * Every document of a namespace in a peer's CouchDB, attachments included.
 *
 * @throws Error when there is no such peer, or its database does not answer
 */
export async function* stateDocuments(
  { topology, machines, credentials }: Deployment,
  peer: string,
  channel: string,
  namespace: string,
): AsyncGenerator<StateDocument> {
  const couchdb = topology.organisations
    .flatMap((o) => o.peers)
    .find((p) => p.name === peer)?.couchdb;
  const machine = machines.find(({ number }) => number === couchdb?.machine);
  if (!couchdb || !machine) throw new Error(`${peer}: expected a peer with CouchDB, seen none`);
  const { user, password } = credentials.couchdb;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const server = `http://${machine.address}:${couchdb.ports.http}`;
  const base = `${server}/${databaseName(channel, namespace)}`;
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
      signal: AbortSignal.timeout(BUDGET_MS),
    });
    if (!response.ok) {
      throw new Error(
        `${base}: expected its documents, seen ${response.status} ${await response.text()}`,
      );
    }
    const { rows: page } = (await response.json()) as { rows: StateDocument[] };
    yield* page.slice(0, PAGE);
    start = page[PAGE]?.id;
    if (start === undefined) return;
  }
}
