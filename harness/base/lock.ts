import { connect, createServer, type Server, type Socket } from 'node:net';

export interface LockOptions {
  /** Called with the holder's process id when the lock is taken. */
  readonly onWait: (pid: number) => void;
  /** Called with the process id of one who asks for the lock, once it is held. */
  readonly onAsked?: (pid: number) => void;
  /** Asks the holder to let go, if it is taken; it may heed that or not. */
  readonly ask?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * A lock between processes that no crash can leave behind: a listening socket in Linux's abstract name space, which
 * exists exactly as long as its process. Who finds it taken connects, is told the holder's process id, and tries
 * again when the holder closes the connection.
 *
 * @param key what is locked; processes with the same key exclude each other
 * @returns the release
 * @throws the signal's reason when it aborts
 */
export async function acquireLock(key: string, options: LockOptions): Promise<() => Promise<void>> {
  const name = `\0fabric-swarm-harness-${key}`;
  for (;;) {
    options.signal?.throwIfAborted();
    const server = await tryListen(name, options.onAsked);
    if (server) return () => release(server);
    await holderGone(name, options);
  }
}

type LockServer = Server & { readonly waiting: Set<Socket> };

function tryListen(name: string, onAsked: LockOptions['onAsked']): Promise<LockServer | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => waiting.delete(socket));
      socket.on('data', (pid) => onAsked?.(Number.parseInt(String(pid), 10)));
      socket.write(`${process.pid}\n`);
    });
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(name, () => resolve(Object.assign(server, { waiting })));
  });
}

function release(server: LockServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of server.waiting) socket.destroy();
  });
}

function holderGone(name: string, { onWait, ask, signal }: LockOptions): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(name);
    const abort = (): void => {
      socket.destroy();
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (ask) socket.write(`${process.pid}\n`);
    socket.once('data', (data) => onWait(Number.parseInt(String(data), 10)));
    socket.on('error', () => {}); // gone in the meantime: as good as closed
    socket.once('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
}
