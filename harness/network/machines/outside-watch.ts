import { createInterface } from 'node:readline';
import Docker from 'dockerode';
import { waitFor } from '../../base/wait.ts';

/** First line of standard input. */
export interface WatchRequest {
  readonly engine: Docker.DockerOptions;
  readonly container: string;
  readonly heal: 'start' | 'unpause';
}

/**
 * The process that `outside.ts` starts: reads a request, says `watching`, and waits for the end of its input, which
 * comes with the end of the harness however that happens. Without a line `release` before it, it heals.
 */
async function watch(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { engine, container, heal } = JSON.parse(
    (await lines.next()).value ?? '{}',
  ) as WatchRequest;
  process.stdout.on('error', () => {}); // nobody reads it any more
  process.stdout.write('watching\n');
  const { value } = await lines.next();
  if (value === 'release') return;
  const machine = new Docker(engine).getContainer(container);
  await waitFor(
    { subject: container, expected: `to ${heal}`, budgetMs: 20_000, intervalMs: 500 },
    async () => {
      const { State } = await machine.inspect();
      if (heal === 'unpause' && State.Paused) await machine.unpause();
      if (heal === 'start' && !State.Running) await machine.start();
      return true;
    },
  );
}

if (import.meta.main) await watch();
