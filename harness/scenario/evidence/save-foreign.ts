import { mkdirSync, rmSync } from 'node:fs';
import { appendTo, paths, writeScenario } from '../../audit/evidence.ts';
import type { CertificateFact } from '../../audit/recording.ts';
import { messageOf, UsageError } from '../../base/errors.ts';
import { waitFor } from '../../base/wait.ts';
import type { Contact, ForeignReader } from '../../network/foreign/reader.ts';
import { LAST_LOOK } from '../../workload/history.ts';
import { saveDocuments } from './state.ts';

/** Milliseconds that nodes are given to reach the height that others had at the beginning. */
const LEVEL_MS = 15_000;
/** How often databases are read anew when the chain grew meanwhile. */
const STATE_TRIES = 3;

/** What somebody should know of how a ledger was read. */
export type Note = (text: string) => void;

export interface SaveForeignOptions {
  readonly channel: string;
  /** First block to be read of every node; those before it are read of one. */
  readonly from: number;
  /** Certificate of the reader, to be judged with the others. */
  readonly identity: CertificateFact;
  readonly note: Note;
  readonly signal: AbortSignal;
}

/**
 * Saves a channel of a network that others run as evidence of kind `ledger`: blocks of every node that answers, the
 * databases whose address is known. What a node does not give is told by the judge, by name.
 *
 * @throws UsageError when no node can be reached, or all refuse the identity, or none has the channel
 */
export async function saveForeign(
  reader: ForeignReader,
  folder: string,
  { channel, from, identity, note, signal }: SaveForeignOptions,
): Promise<void> {
  const begun = Date.now();
  const first = await firstContact(reader, channel, note);
  const height = Math.max(...heightsOf(first).values());
  if (from >= height) {
    throw new UsageError([
      `--from ${from}: channel ${channel} has ${height} blocks, 0 to ${height - 1}`,
    ]);
  }
  mkdirSync(folder, { recursive: true });
  using history = appendTo(paths.history(folder));
  const at = () => Date.now() - begun;
  const trouble = (message: string) => history.line({ type: 'trouble', message, at: at() });
  const told = (contacts: readonly Contact[]) => {
    for (const [source, reached] of heightsOf(contacts)) {
      history.line({ type: 'height', source, channel, height: reached, at: at() });
    }
  };
  told(first);
  const members = first.filter((node) => !('problem' in node && node.problem === 'not there'));
  const there = members.filter((node) => 'height' in node).map(({ name }) => name);
  for (const node of members) if ('problem' in node) trouble(`${node.name}: ${node.text}`);
  const named = (kind: Contact['kind']) =>
    members.filter((node) => node.kind === kind).map(({ name }) => name);
  const databases = reader.databases.filter((peer) => named('peer').includes(peer));
  const settled = await saveStates(reader, folder, { channel, databases, height, trouble, signal });
  await saveBlocks(reader, folder, { channel, there, from, height: settled, trouble, signal });
  history.line({ type: 'mark', label: LAST_LOOK, at: at() });
  told(levelled(await reader.contact(channel), settled));
  const shown = await Promise.all(
    there.map(async (name) => ({ name, until: await reader.shownUntil(name) })),
  );
  writeScenario(folder, {
    schema: 2,
    name: `channel ${channel}`,
    kind: 'ledger',
    readAt: begun,
    certificates: [
      identity,
      ...shown.flatMap(({ name, until }) =>
        until === undefined ? [] : [{ what: `TLS certificate that ${name} shows`, until }],
      ),
    ],
    // No chaincode is under test; every database says whose it is.
    chaincode: '',
    workload: 'other',
    channels: {
      [channel]: {
        peers: named('peer'),
        organisations: Object.fromEntries(reader.peers.map((p) => [p.name, p.mspId])),
        orderers: named('orderer'),
        startHeight: settled,
        from,
        databases,
      },
    },
    namespaces: 'all',
    patience: 60_000,
    floors: { operations: 0, conflicts: 0, reads: 0 },
  });
}

/** Heights of those that told one. */
export const heightsOf = (contacts: readonly Contact[]): ReadonlyMap<string, number> =>
  new Map(
    contacts.flatMap((node) => ('height' in node ? [[node.name, node.height] as const] : [])),
  );

/** Blocks that came while others were read are left for the next time. */
const levelled = (contacts: readonly Contact[], height: number): readonly Contact[] =>
  contacts.map((node) =>
    'height' in node ? { ...node, height: Math.min(node.height, height) } : node,
  );

async function firstContact(
  reader: ForeignReader,
  channel: string,
  note: Note,
): Promise<readonly Contact[]> {
  let contacts = await reader.contact(channel);
  const answering = [...heightsOf(contacts).keys()];
  if (answering.length === 0) throw new UsageError(noneAnswers(contacts, channel));
  const added = await reader.discover(channel, answering);
  if (added.length > 0) {
    note(`from the channel's configuration: ${added.join(', ')}`);
    contacts = await reader.contact(channel);
  }
  for (const node of contacts) {
    if ('problem' in node && node.problem === 'not there') {
      note(`${node.name} is not in channel ${channel}`);
    }
  }
  return contacts;
}

function noneAnswers(contacts: readonly Contact[], channel: string): string[] {
  const problems = contacts.flatMap((node) => ('problem' in node ? [node] : []));
  const only = (problem: string) => problems.every((node) => node.problem === problem);
  const head = only('refused')
    ? `channel ${channel}: every node refuses the identity; expected a member of the channel that its policy lets read`
    : only('not there')
      ? `channel ${channel}: no node has it`
      : `channel ${channel}: expected at least one node that answers, seen none`;
  return [head, ...problems.map(({ text }) => `  ${text}`)];
}

interface Saving {
  readonly channel: string;
  readonly height: number;
  readonly trouble: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads databases while the chain does not grow, so that they fit a height.
 *
 * @returns the height
 */
async function saveStates(
  reader: ForeignReader,
  folder: string,
  {
    channel,
    databases,
    height,
    trouble,
    signal,
  }: Saving & { readonly databases: readonly string[] },
): Promise<number> {
  let reached = await level(reader, channel, height, signal);
  if (databases.length === 0) return reached;
  for (let turn = 1; ; turn += 1) {
    const failed = await Promise.all(
      databases.map(async (peer) => {
        const file = paths.state(folder, channel, peer);
        try {
          await saveDocuments(file, reader.documents(peer, channel));
          return [];
        } catch (error) {
          rmSync(file, { force: true });
          return [`database of ${peer}: ${messageOf(error)}`];
        }
      }),
    );
    signal.throwIfAborted();
    const now = Math.max(reached, ...heightsOf(await reader.contact(channel)).values());
    if (now === reached || turn === STATE_TRIES) {
      for (const message of failed.flat()) trouble(message);
      if (now === reached) return reached;
      trouble(
        `databases: the chain grew from ${reached} to ${now} blocks while they were read, ${turn} times in a row; they can be judged while it rests`,
      );
      for (const peer of databases) rmSync(paths.state(folder, channel, peer), { force: true });
      return reached;
    }
    reached = await level(reader, channel, now, signal);
  }
}

/** Waits until all that answer are as high as the highest was, or the budget is over: who is behind is told by the judge. */
async function level(
  reader: ForeignReader,
  channel: string,
  height: number,
  signal: AbortSignal,
): Promise<number> {
  await waitFor(
    { subject: channel, expected: 'level heights', budgetMs: LEVEL_MS, intervalMs: 500, signal },
    async () => {
      const heights = [...heightsOf(await reader.contact(channel)).values()];
      return heights.every((one) => one >= height) ? true : undefined;
    },
  ).catch((error) => {
    signal.throwIfAborted();
    if (error?.name !== 'DeadlineError') throw error;
  });
  return height;
}

async function saveBlocks(
  reader: ForeignReader,
  folder: string,
  {
    channel,
    there,
    from,
    height,
    trouble,
    signal,
  }: Saving & { readonly there: readonly string[]; readonly from: number },
): Promise<void> {
  const heights = heightsOf(await reader.contact(channel));
  const peers = reader.peers.map(({ name }) => name);
  // Of a peer if possible: orderers know no codes.
  const whole = there.toSorted((a, b) => Number(peers.includes(b)) - Number(peers.includes(a)))[0];
  await Promise.all(
    there.map(async (name) => {
      using file = appendTo(paths.blocks(folder, channel, name));
      const to = Math.min(height, heights.get(name) ?? height) - 1;
      // Of one that has not come so far, its newest block tells how far it has come.
      const start = name === whole ? 0 : Math.min(from, to);
      try {
        for await (const block of reader.blocks(name, channel, start, to)) {
          signal.throwIfAborted();
          file.block(block);
        }
      } catch (error) {
        signal.throwIfAborted();
        trouble(messageOf(error));
      }
    }),
  );
}
