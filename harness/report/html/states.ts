import type { FaultKind } from '../../faults/kind.ts';
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
const implied: Readonly<Record<FaultKind, ComponentState['state']>> = {
  crash: 'down',
  stop: 'down',
  loseMachine: 'down',
  restartInTurn: 'down',
  outOfMemory: 'down',
  freeze: 'frozen',
  isolate: 'isolated',
  evict: 'isolated',
  expireCertificate: 'isolated',
  rotateCertificate: 'degraded',
  clockSkew: 'degraded',
  command: 'degraded',
  delay: 'degraded',
  fullDisk: 'degraded',
  loss: 'degraded',
  noop: 'degraded',
  rate: 'degraded',
  readOnlyDisk: 'degraded',
  starve: 'degraded',
  upgrade: 'degraded',
};

/** A saved run may know kinds of another version, or of the scenario's author. */
const isKind = (kind: string): kind is FaultKind => Object.hasOwn(implied, kind);

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
 * Spans in which a component was not simply up: what was measured, and what the faults imply where nobody measured it (no
 * engine can tell that a component is isolated), followed for an orderer by its recovery.
 */
export function spans(
  component: string,
  scenario: ScenarioResult,
  machines: NetworkDescription['machines'],
  axis: Axis,
): readonly Span[] {
  const own = (scenario.states ?? []).filter((state) => state.component === component);
  const seen = measured(own, axis).filter(({ state }) => state !== 'up');
  const hits = scenario.faults.filter((fault) =>
    componentsHit(fault, machines).includes(component),
  );
  const inferred = hits.flatMap((fault): readonly Span[] => {
    const span: Span = {
      from: fault.injectedAt,
      to: faultEnd(fault, axis),
      state: isKind(fault.kind) ? implied[fault.kind] : 'degraded',
      label: `${fault.kind}${fault.confirmation === 'confirmed' ? '' : ` (${fault.confirmation})`}`,
    };
    const told = seen.some((other) => other.state === span.state && overlap(other, span));
    return [...(told ? [] : [span]), ...recovering(component, fault, hits, scenario, seen, axis)];
  });
  return [...seen, ...inferred].sort((a, b) => a.from - b.from);
}

const overlap = (one: Pick<Span, 'from' | 'to'>, other: Pick<Span, 'from' | 'to'>) =>
  one.from < other.to && other.from < one.to;

/** An orderer's way back from a fault, as far as nothing else was measured in that time. */
function recovering(
  component: string,
  fault: FaultResult,
  hits: readonly FaultResult[],
  scenario: ScenarioResult,
  seen: readonly Span[],
  axis: Axis,
): readonly Span[] {
  const numberOf = (one: FaultResult) => scenario.faults.indexOf(one) + 1;
  const recovered = scenario.recovery.find(
    ({ faults, orderer }) => orderer === component && faults.includes(numberOf(fault)),
  );
  if (recovered === undefined || fault.healedAt === null) return [];
  const end = faultEnd(fault, axis);
  // Of faults that overlapped, the one that ended last is what it recovers from.
  const outlasted = hits.some(
    (other) => recovered.faults.includes(numberOf(other)) && faultEnd(other, axis) > end,
  );
  if (outlasted) return [];
  const { firstCommit, healedAt } = recovered;
  const to = firstCommit === null ? axis.to : Math.min(axis.to, healedAt + firstCommit);
  const from = Math.max(
    end,
    ...seen.filter((span) => overlap(span, { from: end, to })).map((span) => span.to),
  );
  return from < to ? [{ from, to, state: 'recovering', label: 'recovering' }] : [];
}
