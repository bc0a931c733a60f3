import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { NETWORK_LABEL } from '../engine/labels.ts';
import { withStoredImages } from '../images/stored-image.ts';
import {
  abortMigration,
  type LegDone,
  legsNamed,
  migrate as migrateNetwork,
  stepNamed,
} from '../migration/migrate.ts';
import type { Reckoning } from '../migration/reckoning.ts';
import type { RoadOptions } from '../migration/road.ts';
import { runbook } from '../migration/runbook.ts';
import { onFabric3 } from '../migration/topologies.ts';
import type { MachinesNetwork } from '../network/machines/network.ts';
import { provideAlone } from '../network/machines/provide.ts';
import { provideImages } from '../network/machines/provide-images.ts';
import { interruptible, runningNetwork } from './context.ts';
import { terminalProgress } from './terminal.ts';

/** More would load two cores more than the way does. */
const MOST_CLIENTS = 64;

export interface MigrateOptions {
  readonly until?: string;
  readonly abort?: boolean;
  readonly clients?: string;
}

/** `harness migrate LEG...`. */
export async function migrate(
  settings: Settings,
  names: readonly string[],
  { until, abort, clients }: MigrateOptions,
): Promise<void> {
  const legs = legsNamed(names);
  const last = legs.at(-1);
  if (last && until !== undefined) stepNamed(last, until);
  if (abort && (legs.length !== 1 || until !== undefined)) {
    throw new UsageError(['--abort: expected one leg and no --until']);
  }
  const count = clients === undefined ? 0 : Number(clients);
  if (!Number.isSafeInteger(count) || count < 0 || count > MOST_CLIENTS) {
    throw new UsageError([`--clients: expected 0 to ${MOST_CLIENTS}, seen "${clients}"`]);
  }
  if (settings.swarm === 'existing') {
    throw new UsageError([
      'migrate: expected machines of the harness, seen HARNESS_SWARM=existing: the way is not tried on hosts yet',
    ]);
  }
  const { topology } = await runningNetwork(settings);
  const started = performance.now();
  const progress = terminalProgress(process.stderr, started);
  const interruption = interruptible();
  const { network, done: release } = await provideAlone(topology, {
    settings,
    command: 'harness migrate',
    progress,
    interruption,
    elapsed: () => (performance.now() - started) / 1000,
    logsFolder: path.join(settings.cacheDir, 'logs'),
  });
  try {
    const options = {
      progress,
      signal: interruption.signal,
      fabric3: fabric3Image(settings, network, progress, interruption.signal),
    };
    if (abort && last) {
      console.log(await abortMigration(network, last, options));
      return;
    }
    const done = await migrateNetwork(network, legs, { ...options, until, clients: count });
    for (const one of done.legs) report(one);
    if (done.reckoning) reportClients(done.reckoning);
    if (until !== undefined) {
      console.log(`stopped after "${until}"; go on with: harness migrate ${names.join(' ')}`);
    } else for (const line of runbook(done.legs)) console.log(line);
  } finally {
    progress.stop();
    await release();
  }
}

function report({ leg, channels, stoppedMs, seen, proved }: LegDone): void {
  console.log(`${leg.name} (${leg.title}), channels ${channels.join(', ')}`);
  if (stoppedMs !== undefined) {
    console.log(`  no transaction was taken for ${(stoppedMs / 1000).toFixed(1)} s`);
  }
  if (seen) {
    const { committed, pauseMs, lost } = seen;
    console.log(
      `  clients: ${committed} transfers committed, longest time without one ${(pauseMs / 1000).toFixed(1)} s, ${lost} acknowledged and never ordered`,
    );
  }
  for (const sentence of proved) console.log(`  proved: ${sentence}`);
}

function reportClients({ transfers, committed, lost, blocks }: Reckoning): void {
  console.log(
    `clients: ${committed} of ${transfers} transfers are VALID, each once, in ${blocks} blocks that are the same on every node`,
  );
  for (const { transactionId, orderer } of lost) {
    console.log(
      `  ${transactionId}: acknowledged by ${orderer}, never ordered, sent again and committed`,
    );
  }
}

/** Fabric 3's image out of the images that a network on it would be started with. */
function fabric3Image(
  settings: Settings,
  network: MachinesNetwork,
  progress: ReturnType<typeof terminalProgress>,
  signal: AbortSignal,
): RoadOptions['fabric3'] {
  return async () => {
    const topology = onFabric3(network.topology);
    const { engine, mode, images } = await provideImages({ settings, topology, progress, signal });
    const tag = images.images['fabric-3']?.tag;
    if (!tag) throw new Error('images: expected fabric-3, seen none');
    const { node, goldenVolume } = images;
    const labels = { [NETWORK_LABEL]: network.name };
    const stored = { docker: engine.docker, node, mode, goldenVolume, labels, signal };
    return { tag, lend: (work) => withStoredImages(stored, work) };
  };
}
