import type { FaultResult, ScenarioResult } from '../model.ts';

/** The time axis that timeline and charts of a scenario share, in milliseconds since the run started. */
export interface Axis {
  readonly from: number;
  readonly to: number;
}

/** Wide enough for everything that was recorded, even if the scenario's own duration is not known. */
export function axisOf(scenario: ScenarioResult): Axis {
  const { faults, load, startedAt, duration, states = [] } = scenario;
  const instants = [
    startedAt,
    startedAt + duration,
    ...load.series.map(({ at }) => at + 1000),
    ...load.blocks.map(({ at }) => at),
    ...states.map(({ at }) => at),
    ...faults.flatMap(({ injectedAt, healedAt, healVerifiedAt }) => [
      injectedAt,
      healedAt ?? injectedAt,
      healVerifiedAt ?? injectedAt,
    ]),
  ];
  let from = startedAt;
  let to = startedAt + 1000;
  for (const instant of instants) {
    if (instant < from) from = instant;
    if (instant > to) to = instant;
  }
  return { from, to };
}

/** Position in percent, for CSS. */
export function position(axis: Axis, at: number): string {
  const share = ((at - axis.from) / (axis.to - axis.from)) * 100;
  return `${Math.round(Math.min(100, Math.max(0, share)) * 1000) / 1000}%`;
}

/** Round instants, at most `most` of them, as seconds since the axis begins. */
export function ticks(axis: Axis, most: number): readonly number[] {
  const seconds = (axis.to - axis.from) / 1000;
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
  const step = steps.find((candidate) => seconds / candidate < most) ?? Math.ceil(seconds / most);
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
}

/** `40 s`, `2:30`. */
export function clock(seconds: number, span: number): string {
  if (span <= 120) return `${seconds} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
}

/** Seconds since the axis begins, to a tenth. */
export function since(axis: Axis, at: number): string {
  return `${((at - axis.from) / 1000).toFixed(1)} s`;
}

/** A, B, …, Z, AA: how table, timeline and charts name a fault. */
export function letter(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}

/** A fault that was never healed lasts to the end of the axis. */
export function faultEnd(fault: FaultResult, axis: Axis): number {
  return fault.healedAt ?? axis.to;
}
