import { componentStates } from './component-states.ts';
import type { EngineEvent } from './recording.ts';

const placed = new Map([[3, ['kafka0', 'orderer1']]]);
const container = (at: number, component: string, action: string, id = 'a'): EngineEvent => ({
  ...{ at, engine: 'machine3', type: 'container', action, component, id },
});
const machine = (at: number, action: string, number = 3): EngineEvent => ({
  ...{ at, engine: 'host', type: 'container', action, machine: number, id: 'm' },
});
const told = (...events: EngineEvent[]) =>
  componentStates(events, placed).map(({ component, at, state }) => [at, component, state]);

describe('states of components', () => {
  it('show one that dies by itself and is replaced', () => {
    expect(
      told(
        container(10, 'kafka0', 'kill'),
        container(11, 'kafka0', 'die'),
        container(12, 'kafka0', 'destroy'),
        container(20, 'kafka0', 'start', 'b'),
      ),
    ).toEqual([
      [11, 'kafka0', 'down'],
      [20, 'kafka0', 'up'],
    ]);
  });

  it('take a component with a health check for up once it is healthy', () => {
    expect(
      told(
        container(11, 'peer0.org1', 'die'),
        container(20, 'peer0.org1', 'start', 'b'),
        container(25, 'peer0.org1', 'health_status: healthy', 'b'),
        container(40, 'peer0.org1', 'health_status: unhealthy', 'b'),
      ),
    ).toEqual([
      [11, 'peer0.org1', 'down'],
      [20, 'peer0.org1', 'recovering'],
      [25, 'peer0.org1', 'up'],
      [40, 'peer0.org1', 'degraded'],
    ]);
  });

  it('take no notice of the end of a container that has a successor', () => {
    expect(
      told(
        container(11, 'kafka0', 'die'),
        container(20, 'kafka0', 'start', 'b'),
        container(21, 'kafka0', 'die', 'a'),
        container(30, 'kafka0', 'die', 'b'),
      ).map(([at]) => at),
    ).toEqual([11, 20, 30]);
  });

  it('follow a machine that dies or is frozen, and the components that come back on it', () => {
    expect(
      told(
        // Written when the stream was opened again, so out of order.
        container(40, 'orderer1', 'start', 'b'),
        machine(30, 'die'),
        machine(31, 'die', 1),
        machine(35, 'start'),
      ),
    ).toEqual([
      [30, 'kafka0', 'down'],
      [30, 'orderer1', 'down'],
      [40, 'orderer1', 'up'],
    ]);
    expect(
      told(container(5, 'kafka0', 'die'), machine(10, 'pause'), machine(20, 'unpause')),
    ).toEqual([
      [5, 'kafka0', 'down'],
      [10, 'orderer1', 'frozen'],
      [20, 'orderer1', 'up'],
    ]);
  });

  it('are none where nothing changed', () => {
    const network = { ...container(1, 'kafka0', 'die'), type: 'network' };
    expect(told(container(1, 'kafka0', 'start'), container(2, 'kafka0', 'top'), network)).toEqual(
      [],
    );
  });
});
