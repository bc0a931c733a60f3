import { waitFor } from '../../base/wait.ts';
import { runningContainer } from '../../faults/components.ts';
import type { Network } from '../../network/port.ts';
import { containerLog } from '../../swarm/logs.ts';

const EVERY_MS = 250;
const MIB = 1_048_576;

/** What a process of the REST API has used so far. */
export interface ApiWatch extends AsyncDisposable {
  /** Most memory of its own, without the page cache, seen so far, MiB. */
  readonly peakMiB: number;
  /** What its container may have, MiB. */
  readonly limitMiB: number;
  /** Whether the container that was there at first runs still. */
  same(): Promise<boolean>;
  /** What it has logged since the watch began. */
  log(): Promise<string>;
  /** The first line of that log that matches, as soon as it is there. @throws DeadlineError */
  line(pattern: RegExp, budgetMs: number): Promise<string>;
}

/**
 * Looks four times a second at how much memory a component has.
 *
 * @throws Error when it does not run
 */
export async function watchMemory(
  network: Pick<Network, 'component'>,
  name: string,
): Promise<ApiWatch> {
  const handle = network.component(name);
  const { container, id } = await runningContainer(handle);
  const since = Math.floor(Date.now() / 1_000);
  const { HostConfig } = await container.inspect();
  let peak = 0;
  let looking: Promise<void> | undefined;
  const look = async () => {
    peak = Math.max(peak, await memoryOf(container));
  };
  await look();
  const log = async () => (await containerLog(container, { since })).toString();
  const timer = setInterval(() => {
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = undefined;
      });
  }, EVERY_MS);
  return {
    get peakMiB() {
      return Math.round(peak / MIB);
    },
    limitMiB: Math.round((HostConfig.Memory ?? 0) / MIB),
    same: async () => {
      const now = await handle.container();
      return now?.running === true && now.id === id;
    },
    log,
    line: (pattern, budgetMs) =>
      waitFor(
        { subject: `log of ${name}`, expected: String(pattern), budgetMs, intervalMs: 50 },
        async () => (await log()).split('\n').find((line) => pattern.test(line)),
      ),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Anonymous memory of a container, bytes. */
export async function memoryOf(container: {
  stats(options: { stream: false; 'one-shot': true }): Promise<unknown>;
}): Promise<number> {
  const stats = (await container.stats({ stream: false, 'one-shot': true })) as {
    memory_stats: { usage: number; stats: { rss?: number; anon?: number } };
  };
  const { usage, stats: kinds } = stats.memory_stats;
  // `rss` with cgroup v1, `anon` with v2.
  return kinds.rss ?? kinds.anon ?? usage;
}
