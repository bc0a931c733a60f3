import type Docker from 'dockerode';
import type { Machine } from '../port.ts';
import { tryChaincode } from './trial.ts';

/** How a server behaves once it is started, by what it was told. */
interface Behaviour {
  /** It ends so. */
  readonly ends?: { readonly exitCode: number; readonly oom?: boolean };
  readonly listens?: boolean;
  /** What a look at its port says: `tls`, `plain`, `mutual`, or nothing. */
  readonly speaks?: string;
  readonly log?: string;
}

/** A machine on which a server is started as often as it is asked to, and the variables that it got each time. */
function machine(behaviour: (env: Readonly<Record<string, string>>) => Behaviour) {
  const started: Record<string, string>[] = [];
  const removed: string[] = [];
  const pids = new Map<string, Behaviour>();
  const docker = {
    createContainer: async ({ Env }: { readonly Env: readonly string[] }) => {
      const env = Object.fromEntries(Env.map((text) => text.split(/=(.*)/s).slice(0, 2)));
      const pid = String(started.push(env));
      const now = behaviour(env);
      pids.set(pid, now);
      return {
        putArchive: async () => {},
        start: async () => {},
        inspect: async () => ({
          State: now.ends
            ? { Running: false, ExitCode: now.ends.exitCode, OOMKilled: now.ends.oom ?? false }
            : { Running: true, Pid: pid },
        }),
        logs: async () => frame(now.log ?? ''),
        remove: async () => void removed.push(pid),
      };
    },
  } as unknown as Docker;
  const exec = async (command: readonly string[]) => {
    const look = command[0] === 'cat';
    const pid = look ? (command[1] ?? '').split('/')[2] : command[2];
    const { listens, speaks = '' } = pids.get(pid ?? '') ?? {};
    if (!look) return { stdout: `${speaks}\n` };
    return { stdout: listens ? '   0: 00000000:1B8C 00000000:0000 0A 0:0\n' : '' };
  };
  return { machine: { docker, exec } as unknown as Machine, started, removed };
}

/** One frame of a log as the engine's API multiplexes it. */
function frame(text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(1, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

const attempt = (on: Machine) =>
  tryChaincode({
    ...{ name: 'asset', image: 'asset:1', machine: on, mspId: 'Org1MSP', budgetMs: 300 },
    certificate: { certificate: 'C', privateKey: 'K' },
    signal: new AbortController().signal,
  });

describe('a chaincode server on trial', () => {
  it('is called by TLS when it serves TLS, and is gone afterwards', async () => {
    const { machine: on, started, removed } = machine(() => ({ listens: true, speaks: 'tls' }));
    expect(await attempt(on)).toEqual({ tls: true, namesRoots: true });
    expect(started).toHaveLength(1);
    expect(removed).toEqual(['1']);
  });

  it('is called without TLS when it serves none, whatever it was asked', async () => {
    const { machine: on } = machine(() => ({ listens: true, speaks: 'plain' }));
    expect(await attempt(on)).toEqual({ tls: false, namesRoots: true });
  });

  it('gets no roots when it takes these for the authority of its callers', async () => {
    const { machine: on, started } = machine((env) => ({
      listens: true,
      speaks: env.CORE_PEER_TLS_ROOTCERT_FILE ? 'mutual' : 'tls',
    }));
    expect(await attempt(on)).toEqual({ tls: true, namesRoots: false });
    expect(started).toHaveLength(2);
  });

  it('that demands a certificate of the peer all the same is told so', async () => {
    const { machine: on } = machine(() => ({ listens: true, speaks: 'mutual' }));
    await expect(attempt(on)).rejects.toThrow(
      /^chaincode asset: expected a server that any peer may call, seen one that demands a certificate of it/,
    );
  });

  it('that ends is told with its exit code and its last lines', async () => {
    const { machine: on, removed } = machine(() => ({
      ends: { exitCode: 3 },
      log: 'starting\nno such file: config.json\n',
    }));
    await expect(attempt(on)).rejects.toThrow(
      'chaincode asset: expected a server that stays, seen it end with exit code 3; its last lines:\n' +
        '  starting\n  no such file: config.json',
    );
    expect(removed.length).toBeGreaterThan(0);
  });

  it('that takes too much memory is told so', async () => {
    const { machine: on } = machine(() => ({ ends: { exitCode: 137, oom: true } }));
    await expect(attempt(on)).rejects.toThrow(
      'seen it end with exit code 137, out of memory; it logged nothing',
    );
  });

  it('that opens no port is told where it should have listened, and is asked once', async () => {
    const { machine: on, started } = machine(() => ({ log: 'listening on 9999\n' }));
    await expect(attempt(on)).rejects.toThrow(
      /expected it to listen on CHAINCODE_SERVER_ADDRESS \(0\.0\.0\.0:7052\) within 0\.3 s, seen no such port; its last lines:\n {2}listening on 9999/,
    );
    expect(started).toHaveLength(1);
  });
});
