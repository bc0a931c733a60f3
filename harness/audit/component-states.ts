import type { EngineEvent } from './recording.ts';
import type { ComponentState } from './result.ts';

type State = ComponentState['state'];

/**
 * States of components as their engines told them, a change an entry. What did not change is not in it: a component that
 * is never named was up all the time.
 *
 * A machine that dies takes its components with it and can no longer say so; the engine around it does.
 *
 * @param componentsOn components by the number of their machine
 */
export function componentStates(
  events: readonly EngineEvent[],
  componentsOn: ReadonlyMap<number, readonly string[]>,
): ComponentState[] {
  const containers = events
    .filter(({ type }) => type === 'container')
    .toSorted((a, b) => a.at - b.at);
  // Only components with a health check ever tell their health; for the others to run is all there is.
  const checked = new Set(
    containers.filter(({ action }) => action.startsWith(HEALTH)).map(({ component }) => component),
  );
  const states: ComponentState[] = [];
  const last = new Map<string, State>();
  const current = new Map<string, string | undefined>();
  const change = (component: string, at: number, state: State) => {
    if ((last.get(component) ?? 'up') === state) return;
    last.set(component, state);
    states.push({ component, at, state });
  };
  for (const { at, action, component, machine, id } of containers) {
    if (component === undefined) {
      for (const name of componentsOn.get(machine ?? -1) ?? []) {
        const state = ofMachine(action, last.get(name) ?? 'up');
        if (state === 'down') current.delete(name);
        if (state !== undefined) change(name, at, state);
      }
      continue;
    }
    const known = current.get(component);
    if (action === 'start') current.set(component, id);
    // The end of a container that has a successor already.
    else if (known !== undefined && known !== id) continue;
    const state = ofContainer(action, checked.has(component));
    if (state === 'down') current.delete(component);
    if (state !== undefined) change(component, at, state);
  }
  return states;
}

const HEALTH = 'health_status';

function ofContainer(action: string, checked: boolean): State | undefined {
  switch (action) {
    case 'start':
      return checked ? 'recovering' : 'up';
    case 'die':
      return 'down';
    case 'pause':
      return 'frozen';
    case 'unpause':
    case `${HEALTH}: healthy`:
      return 'up';
    case `${HEALTH}: unhealthy`:
      return 'degraded';
    default:
      return undefined;
  }
}

/** What becomes of a component with its machine; that it is back, its own engine tells. */
function ofMachine(action: string, before: State): State | undefined {
  if (action === 'die') return 'down';
  if (action === 'pause' && before !== 'down') return 'frozen';
  return action === 'unpause' && before === 'frozen' ? 'up' : undefined;
}
