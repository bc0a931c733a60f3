import { type FoundNetwork, findNetwork } from '../fabric/network/state.ts';
import { statusOf } from '../fabric/network/status.ts';
import type { Settings } from '../settings/settings.ts';
import { interruptible } from './context.ts';
import { preflight, provideNetwork } from './provide.ts';
import { describe, formatStatus } from './status.ts';
import { terminalProgress } from './terminal.ts';

/** `harness up`: brings the network up and leaves it running, or says what runs. */
export async function up(settings: Settings, options: { json?: boolean }): Promise<void> {
  const started = performance.now();
  const topology = await preflight(settings);
  const signal = interruptible();
  const progress = terminalProgress(process.stderr, started);
  try {
    const provided = await provideNetwork(topology, {
      settings,
      progress,
      signal,
      elapsed: () => (performance.now() - started) / 1000,
    });
    if (provided.kind === 'new') await provided.network.release();
    progress.stop();
    const network =
      provided.kind === 'running'
        ? provided.network
        : await reread(() => findNetwork(provided.engine.docker, settings.name), settings.name);
    await print(network, provided.kind === 'running', options);
  } finally {
    progress.stop();
  }
}

async function reread(
  find: () => Promise<FoundNetwork | 'incomplete' | undefined>,
  name: string,
): Promise<FoundNetwork> {
  const found = await find();
  if (!found || found === 'incomplete') {
    throw new Error(
      `network "${name}": expected to find it after its start, seen ${found ?? 'none'}`,
    );
  }
  return found;
}

async function print(
  network: FoundNetwork,
  ranAlready: boolean,
  options: { json?: boolean },
): Promise<void> {
  const components = await statusOf(network);
  if (options.json) {
    console.log(JSON.stringify(describe(network, components), null, 2));
    return;
  }
  if (ranAlready) {
    console.log(`network "${network.state.name}" runs already; nothing was changed\n`);
  }
  console.log(formatStatus(network, components));
  const { block, transactionId, seconds, imageSeconds } = network.state.firstTransfer;
  console.log(
    `\nfirst transfer committed: block ${block}, transaction ${transactionId}, ` +
      `${seconds.toFixed(1)} s after start (images: ${imageSeconds.toFixed(1)} s)`,
  );
}
