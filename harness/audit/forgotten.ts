import type { Acknowledgement, Forgetting, LogLine } from '../ordering/forgetting.ts';
import { forgettingOf } from '../ordering/registry.ts';
import { logTime } from './log-time.ts';
import type { Recording } from './recording.ts';

/**
 * Whether the ordering service of a recording may have lost what an orderer had acknowledged, without an error at
 * anybody: only where it can, and where what its orderers logged explains it.
 */
export function forgetting(
  { ordering, logs }: Pick<Recording, 'ordering' | 'logs'>,
  channel: string,
  orderers: readonly string[],
): (acknowledgement: Acknowledgement) => boolean {
  const rule = ordering ? forgettingOf(ordering.type) : null;
  if (!ordering || !rule || !('forgetsWithinMs' in ordering)) return () => false;
  const { startedAt, forgetsWithinMs } = ordering;
  const told = new Map(
    logs
      .filter(({ component }) => orderers.includes(component))
      .map(({ component, lines }) => [component, read(rule, lines, channel, startedAt)]),
  );
  return (acknowledgement) => rule.explains(acknowledgement, told, forgetsWithinMs);
}

/** Whether the ordering service may have lost something, and what its orderers logged of it was not to be had. */
export const isUntold = ({
  ordering,
  scenario,
}: Pick<Recording, 'ordering' | 'scenario'>): boolean =>
  scenario.runByOthers === true && ordering !== null && forgettingOf(ordering.type) !== null;

function read(
  rule: Forgetting,
  lines: Iterable<string>,
  channel: string,
  startedAt: number,
): LogLine[] {
  const told: LogLine[] = [];
  for (const line of lines) {
    const said = rule.read(line, channel);
    const at = said && logTime(line);
    if (said && at !== undefined) told.push({ ...said, at: at - startedAt });
  }
  return told;
}
