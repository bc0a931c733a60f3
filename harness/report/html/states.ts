import type { ComponentState, FaultResult, NetworkDescription, ScenarioResult } from '../model.ts';
import { type Axis, faultEnd } from './axis.ts';

/** One component in one state, for a stretch of the timeline. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly state: ComponentState['state'];
  /** What a reader sees on pointing at it. */
  readonly label: string;
}

/** What a fault does to its target, where the scenario did not measure it. */
const implied: Readonly<Record<string, ComponentState['state']>> = {
  crash: 'down',
  stop: 'down',
  lose: 'down',
  restart: 'down',
  'memory-kill': 'down',
  freeze: 'frozen',
  isolate: 'isolated',
  partition: 'isolated',
};

/**
 * The components that a fault hits. Targets name components, or machines (`machine 3`, `machine(3)`), which means
 * everything that runs there.
 */
export function componentsHit(
  fault: FaultResult,
  machines: NetworkDescription['machines'],
): readonly string[] {
  return fault.targets.flatMap((target) => {
    const number = /^machine\D*(\d+)\)?$/.exec(target)?.[1];
    if (number === undefined) return [target];
    return machines.find((machine) => machine.number === Number(number))?.components ?? [target];
  });
}

function measured(states: readonly ComponentState[], axis: Axis): readonly Span[] {
  const sorted = [...states].sort((a, b) => a.at - b.at);
  return sorted.map(({ at, state }, index) => ({
    from: at,
    to: sorted[index + 1]?.at ?? axis.to,
    state,
    label: state,
  }));
}

/**
 * Spans in which a component was not simply up. Measured states win; else what the faults imply, followed for an
 * orderer by its recovery.
 */
export function spans(
  component: string,
  scenario: ScenarioResult,
  machines: NetworkDescription['machines'],
  axis: Axis,
): readonly Span[] {
  const own = (scenario.states ?? []).filter((state) => state.component === component);
  if (own.length > 0) return measured(own, axis).filter(({ state }) => state !== 'up');
  const hits = scenario.faults.filter((fault) =>
    componentsHit(fault, machines).includes(component),
  );
  return hits.flatMap((fault): readonly Span[] => {
    const end = faultEnd(fault, axis);
    const span: Span = {
      from: fault.injectedAt,
      to: end,
      state: implied[fault.kind] ?? 'degraded',
      label: `${fault.kind}${fault.confirmation === 'confirmed' ? '' : ` (${fault.confirmation})`}`,
    };
    const numberOf = (one: FaultResult) => scenario.faults.indexOf(one) + 1;
    const recovered = scenario.recovery.find(
      ({ faults, orderer }) => orderer === component && faults.includes(numberOf(fault)),
    );
    if (recovered === undefined || fault.healedAt === null) return [span];
    // Of faults that overlapped, the one that ended last is what it recovers from.
    const outlasted = hits.some(
      (other) => recovered.faults.includes(numberOf(other)) && faultEnd(other, axis) > end,
    );
    if (outlasted) return [span];
    const { firstCommit, healedAt } = recovered;
    const until = firstCommit === null ? axis.to : healedAt + firstCommit;
    return [
      span,
      {
        from: end,
        to: Math.max(end, Math.min(axis.to, until)),
        state: 'recovering',
        label: 'recovering',
      },
    ];
  });
}
