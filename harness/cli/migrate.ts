import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { abortMigration, migrateToRaft, RAFT_STEPS, type RaftStep } from '../migration/raft.ts';
import { interruptible, runningNetwork } from './context.ts';
import { terminalProgress } from './terminal.ts';

export interface MigrateOptions {
  readonly until?: string;
  readonly abort?: boolean;
}

/** `harness migrate raft`. */
export async function migrate(
  settings: Settings,
  leg: string,
  { until, abort }: MigrateOptions,
): Promise<void> {
  if (leg !== 'raft') throw new UsageError([`migrate: expected raft, seen "${leg}"`]);
  if (until !== undefined && !isStep(until)) {
    throw new UsageError([`--until: expected one of ${RAFT_STEPS.join(', ')}, seen "${until}"`]);
  }
  const network = await runningNetwork(settings);
  const progress = terminalProgress(process.stderr, performance.now());
  const { signal } = interruptible();
  try {
    if (abort) {
      const channels = await abortMigration(network, { progress, signal });
      console.log(`${channels.join(', ')}: out of maintenance, ordered by Kafka as before`);
      return;
    }
    const { channels, downtimeMs, proved } = await migrateToRaft(network, {
      progress,
      signal,
      until,
    });
    console.log(`channels: ${channels.join(', ')}`);
    if (downtimeMs !== undefined) {
      console.log(`no transaction was taken for ${(downtimeMs / 1000).toFixed(1)} s`);
    }
    for (const sentence of proved) console.log(`proved: ${sentence}`);
    if (proved.length === 0)
      console.log(`stopped after "${until}"; go on with: harness migrate raft`);
  } finally {
    progress.stop();
  }
}

const isStep = (text: string): text is RaftStep => (RAFT_STEPS as readonly string[]).includes(text);
