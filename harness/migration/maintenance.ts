import { UsageError } from '../base/errors.ts';
import { consensusUpdate } from './consensus.ts';
import type { Road } from './road.ts';

/**
 * Puts channels into maintenance, where they are not, and have not been through it already.
 *
 * @param type whose they are before the leg
 */
export const enterMaintenance = (
  road: Pick<Road, 'change'>,
  channels: readonly string[],
  type: string,
) =>
  road.change(channels, (now) =>
    now.maintenance || now.type !== type ? undefined : consensusUpdate(now, { maintenance: true }),
  );

/** Takes channels out of maintenance, where they are in it. */
export const leaveMaintenance = (road: Pick<Road, 'change'>, channels: readonly string[]) =>
  road.change(channels, (now) =>
    now.maintenance ? consensusUpdate(now, { maintenance: false }) : undefined,
  );

/**
 * Takes every channel out of maintenance as it was.
 *
 * @throws UsageError when one has changed its type already
 */
export async function backOut(
  road: Road,
  leg: string,
  type: string,
  channels: readonly string[],
): Promise<string> {
  const states = await Promise.all(channels.map((channel) => road.read(channel)));
  const changed = states.filter((now) => now.type !== type).map(({ channel }) => channel);
  if (changed.length > 0) {
    throw new UsageError([
      `migrate ${leg} --abort: the type of ${changed.join(', ')} has been changed; go on with: harness migrate ${leg}`,
    ]);
  }
  await leaveMaintenance(road, channels);
  return `${channels.join(', ')}: out of maintenance, ordered by ${type} as before`;
}
