import { connect, createServer, type Server } from 'node:net';

/**
 * A lock between processes that no crash can leave behind: a listening socket in Linux's abstract name space, which
 * exists exactly as long as its process. Who finds it taken connects, is told the holder's process id, and tries
 * again when the holder closes the connection.
 *
 * @param key what is locked; processes with the same key exclude each other
 * @param onWait called with the holder's process id when the lock is taken
 * @returns the release
 */
export async function acquireLock(
  key: string,
  onWait: (pid: number) => void,
  signal?: AbortSignal,
): Promise<() => Promise<void>> {
  const name = `\0fabric-swarm-harness-${key}`;
  for (;;) {
    signal?.throwIfAborted();
    const server = await tryListen(name);
    if (server) return () => release(server);
    await holderGone(name, onWait, signal);
  }
}

type LockServer = Server & { readonly waiting: Set<{ destroy(): void }> };

function tryListen(name: string): Promise<LockServer | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<{ destroy(): void }>();
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => waiting.delete(socket));
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

function holderGone(
  name: string,
  onWait: (pid: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(name);
    const abort = (): void => {
      socket.destroy();
    };
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('data', (data) => onWait(Number.parseInt(String(data), 10)));
    socket.on('error', () => {}); // gone in the meantime: as good as closed
    socket.once('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
}
