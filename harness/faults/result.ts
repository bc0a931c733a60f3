import type { FaultEvent } from '../workload/history.ts';
import { type Confirmation, combine, inconclusive, type Measurement } from './model.ts';

/** What became of a fault. */
export interface FaultResult {
  readonly kind: string;
  /** The role asked for, e.g. `kafka.leader('mychannel')`. */
  readonly role: string;
  /** What the role was resolved to at injection. */
  readonly targets: readonly string[];
  /** The machine of the targets, if it is one. */
  readonly machine?: number;
  /** Milliseconds since the run started. */
  readonly injectedAt: number;
  /** When its effect was measured. */
  readonly verifiedAt?: number;
  /** When the heal had been carried out; `null` if it could not be. */
  readonly healedAt: number | null;
  /** When the absence of its effect was measured. */
  readonly healVerifiedAt?: number;
  readonly confirmation: Confirmation;
  readonly evidence: string;
}

/** What became of each fault, by the events of its life alone; in the order of their numbers. */
export function faultResults(events: Iterable<FaultEvent>): FaultResult[] {
  const lives = Map.groupBy(events, ({ fault }) => fault);
  return [...lives].sort(([a], [b]) => a - b).map(([, life]) => resultOf(life));
}

function resultOf(life: readonly FaultEvent[]): FaultResult {
  const [first] = life as [FaultEvent];
  const { kind, role, targets, machine } = life.at(-1) ?? first;
  const identity = { kind, role, targets, ...(machine === undefined ? {} : { machine }) };
  const injected = life.findIndex(({ phase }) => phase === 'inject');
  if (injected < 0) {
    return { ...identity, injectedAt: first.at, healedAt: null, ...measured(first) };
  }
  const ordered = life.findIndex(({ phase }) => phase === 'heal');
  const effect = life.slice(injected + 1, ordered < 0 ? undefined : ordered).find(isMeasurement);
  const absence = ordered < 0 ? undefined : life.slice(ordered + 1).find(isMeasurement);
  const [inForce, gone] = [measured(effect), measured(absence)];
  return {
    ...identity,
    injectedAt: life[injected]?.at ?? first.at,
    ...(effect?.phase === 'verified' ? { verifiedAt: effect.at } : {}),
    healedAt: absence?.healedAt ?? null,
    ...(absence?.phase === 'healed' ? { healVerifiedAt: absence.at } : {}),
    confirmation: combine([inForce, gone]).confirmation,
    evidence: `${inForce.evidence}; after the heal: ${gone.evidence}`,
  };
}

const isMeasurement = ({ phase }: FaultEvent): boolean => phase !== 'inject' && phase !== 'heal';

function measured(event: FaultEvent | undefined): Measurement {
  if (event === undefined) return inconclusive('the record ends before it was measured');
  const { phase, evidence = '' } = event;
  const confirmed = phase === 'verified' || phase === 'healed';
  const confirmation = confirmed ? 'confirmed' : phase === 'not-confirmed' ? phase : 'inconclusive';
  return { confirmation, evidence };
}
