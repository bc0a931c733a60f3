import type { ScenarioPlace } from '../../audit/recording.ts';
import {
  COMPLETE,
  type FaultEvent,
  type HistoryRecord,
  LAST_LOOK,
  QUIESCENT,
  UNSETTLED,
} from '../../workload/history.ts';

/** One line about what a scenario is doing. */
export interface ProgressLine {
  readonly scenario: string;
  /** Milliseconds since the run started. */
  readonly at: number;
  readonly what:
    | 'channel'
    | 'load'
    | 'fault'
    | 'recovery'
    | 'rest'
    | 'evidence'
    | 'step'
    | 'trouble';
  readonly text: string;
}

/** Milliseconds of load between two lines about it. */
const LOAD_EVERY_MS = 5_000;

const marks: Readonly<Record<string, Pick<ProgressLine, 'what' | 'text'>>> = {
  'load starts': { what: 'load', text: 'load starts' },
  'waiting for quiescence': { what: 'rest', text: 'waiting until nothing more can come' },
  [QUIESCENT]: { what: 'rest', text: 'at rest: every copy has the same height' },
  [UNSETTLED]: { what: 'rest', text: 'did not come to rest in time' },
  [LAST_LOOK]: { what: 'evidence', text: 'blocks, states and logs are collected' },
  [COMPLETE]: { what: 'evidence', text: 'judging' },
};

const phases: Readonly<Record<FaultEvent['phase'], string>> = {
  inject: 'is injected',
  verified: 'is in force',
  heal: 'is being healed',
  healed: 'is healed',
  'not-confirmed': 'did not take effect, or did not go',
  inconclusive: 'could not be measured',
};

/** What was counted of the load since the last line about it. */
interface Count {
  since: number;
  ok: number;
  refused: number;
  unanswered: number;
}

/**
 * Tells what happens, from the records of the history and nothing else.
 *
 * @param tell called for each line
 * @returns to be called with each record
 */
export function narrator(
  { name, channel }: Pick<ScenarioPlace, 'name' | 'channel'>,
  now: number,
  tell: (told: ProgressLine) => void,
): (record: HistoryRecord) => void {
  const say = (at: number, what: ProgressLine['what'], text: string) =>
    tell({ scenario: name, at, what, text });
  let load: Count | undefined;
  let healedAt: number | undefined;
  const back = new Set<string>();
  const fresh = (since: number): Count => ({ since, ok: 0, refused: 0, unanswered: 0 });
  const tellLoad = (at: number) => {
    if (!load) return;
    const { since, ok, refused, unanswered } = load;
    const rate = ((ok + refused + unanswered) * 1_000) / Math.max(1, at - since);
    const rest = [
      ...(refused > 0 ? [`${refused} refused`] : []),
      ...(unanswered > 0 ? [`${unanswered} unknown`] : []),
    ];
    say(at, 'load', [`load: ${rate.toFixed(1)} operations a second`, ...rest].join(', '));
    load = fresh(at);
  };
  say(now, 'channel', `channel ${channel}, accounts and clients`);
  return (record) => {
    switch (record.type) {
      case 'complete': {
        if (load) {
          if (record.outcome === 'ok') load.ok += 1;
          else if (record.outcome === 'fail') load.refused += 1;
          else load.unanswered += 1;
          if (record.at - load.since >= LOAD_EVERY_MS) tellLoad(record.at);
        }
        const { orderer } = record;
        if (healedAt === undefined || orderer === undefined || record.outcome !== 'ok') return;
        // What was sent before the heal may come through just after it, which says as much.
        if (back.has(orderer)) return;
        back.add(orderer);
        const seconds = ((record.at - healedAt) / 1_000).toFixed(1);
        say(record.at, 'recovery', `a commit through ${orderer}, ${seconds} s after the heal`);
        return;
      }
      case 'fault': {
        const { fault, kind, targets, role, phase, evidence } = record;
        const aim = targets.length > 0 ? targets.join(', ') : role;
        const why = evidence && phase !== 'inject' ? `: ${evidence}` : '';
        say(record.at, 'fault', `fault ${fault}, ${kind} of ${aim}, ${phases[phase]}${why}`);
        if (phase === 'inject') {
          healedAt = undefined;
          back.clear();
        }
        if (record.healedAt !== undefined) healedAt = record.healedAt;
        return;
      }
      case 'mark': {
        const mark = marks[record.label];
        if (record.label === 'load starts') load = fresh(record.at);
        if (record.label === 'load ended') {
          tellLoad(record.at);
          load = undefined;
        }
        if (mark) say(record.at, mark.what, mark.text);
        return;
      }
      case 'step':
        say(
          record.at,
          'step',
          `${record.name}: ${record.met ? 'met' : `expected ${record.expected}, seen ${record.seen}`}`,
        );
        return;
      case 'trouble':
        say(record.at, 'trouble', record.message);
        return;
      default:
    }
  };
}

/** A line for people, the times under those of the command's own progress. */
export const progressLine = ({ scenario, at, text }: ProgressLine): string =>
  `${`${(at / 1_000).toFixed(1)} s`.padStart(8)}    ${scenario}: ${text}`;
