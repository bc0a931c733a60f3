import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../base/wait.ts';

/** Where a server listens. */
export interface Listener {
  readonly host: string;
  readonly port: number;
}

/** A connection that is not open by then counts as refused, ms. */
const CONNECT_MS = 10_000;

/** Connections on which somebody sends what no client would, and what becomes of them. */
export class RawConnections implements Disposable {
  readonly #sockets: readonly Socket[];
  readonly #dripping: NodeJS.Timeout | undefined;
  readonly #answers: string[] = [];

  private constructor(sockets: readonly Socket[], drip?: { everyMs: number; piece: string }) {
    this.#sockets = sockets;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('data', (data: Buffer) => {
        const status = /^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1];
        if (status !== undefined) this.#answers.push(status);
      });
    }
    if (!drip) return;
    this.#dripping = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write(drip.piece);
    }, drip.everyMs);
  }

  /**
   * Opens connections, each of which sends something and then nothing more, or a piece at intervals for ever.
   *
   * @param first what connection number n sends at once
   */
  static async open(
    { host, port }: Listener,
    count: number,
    first: (number: number) => string,
    drip?: { readonly everyMs: number; readonly piece: string },
  ): Promise<RawConnections> {
    const sockets = Array.from({ length: count }, () => connect({ host, port }));
    const raw = new RawConnections(sockets, drip);
    await Promise.all(
      sockets.map(
        (socket, number) =>
          new Promise<void>((resolve) => {
            const done = () => resolve(clearTimeout(timer));
            const timer = setTimeout(done, CONNECT_MS);
            socket.once('connect', () => socket.write(first(number), done));
            socket.once('close', done);
          }),
      ),
    );
    return raw;
  }

  /** How many the server has not ended. */
  get held(): number {
    return this.#sockets.filter(({ readyState }) => readyState === 'open').length;
  }

  /** Waits until the server holds at most so many. @returns how many it holds then, or when the budget, in ms, is used up */
  async untilHeld(most: number, budgetMs: number): Promise<number> {
    const wait = { subject: 'connections', expected: `at most ${most}`, budgetMs };
    await waitFor(wait, () => (this.held <= most ? true : undefined)).catch(() => undefined);
    return this.held;
  }

  /** Statuses that the server answered before it ended a connection. */
  get answers(): readonly string[] {
    return this.#answers;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#dripping);
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * Sends bytes on a connection of its own.
 *
 * @param answers how many to wait for
 * @returns statuses of the answers in their order, until the server ended the connection or the budget, in ms, was used up
 */
export async function rawStatuses(
  { host, port }: Listener,
  bytes: string,
  answers: number,
  budgetMs: number,
): Promise<number[]> {
  const socket = connect({ host, port });
  const statuses: number[] = [];
  const ending = new AbortController();
  let rest = '';
  socket.on('error', () => undefined);
  socket.on('close', () => ending.abort());
  socket.on('data', (data: Buffer) => {
    rest += data.toString('latin1');
    for (const [, status] of rest.matchAll(/HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/g))
      statuses.push(Number(status));
    // A status line that is cut in two is found with its second part.
    rest = rest.slice(rest.lastIndexOf('\n') + 1);
    if (statuses.length >= answers) ending.abort();
  });
  socket.write(bytes);
  await delay(budgetMs, undefined, { signal: ending.signal }).catch(() => undefined);
  socket.destroy();
  return statuses;
}
