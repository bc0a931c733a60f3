import type Docker from 'dockerode';
import { MACHINE_LABEL } from '../../engine/labels.ts';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import { FakeClock, settled } from '../../workload/testing/fake-clock.ts';
import type { Session } from '../session.ts';
import { EngineEvents, type EventSource, eventSources } from './engine-events.ts';

const EPOCH = 1_800_000_000_000;

/** An event as an engine writes it, `ms` after the recording began. */
const raw = (ms: number, Action: string, Attributes: Record<string, string> = {}): string =>
  `${JSON.stringify({
    ...{ Type: 'container', Action, timeNano: (EPOCH + ms) * 1e6 },
    Actor: { ID: '0123456789abcdef', Attributes },
  })}\n`;

/** What one opened stream gives: text at once, then an error, an end, or silence until it is given up. */
interface Turn {
  readonly gives?: readonly string[];
  readonly finally: 'ends' | 'fails' | 'hangs';
}

function recording(...turns: readonly Turn[]) {
  const clock = new FakeClock();
  const asked: number[] = [];
  const lines: unknown[] = [];
  let closed = 0;
  const source: EventSource = {
    engine: 'machine1',
    open: async (since, signal) => {
      const { gives = [], finally: last } = turns[asked.length] ?? { finally: 'hangs' };
      asked.push(since - EPOCH);
      if (last === 'fails' && gives.length === 0) throw new Error('connect ECONNREFUSED');
      return (async function* () {
        for (const text of gives) yield Buffer.from(text);
        if (last === 'fails') throw new Error('socket hang up');
        if (last === 'ends') return;
        await new Promise((_, reject) => {
          if (signal.aborted) reject(new Error('aborted'));
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      })();
    },
  };
  const file = {
    line: (record: unknown) => void lines.push(record),
    [Symbol.dispose]: () => {
      closed += 1;
    },
  };
  const events = new EngineEvents([source], clock, file, EPOCH);
  const actions = () => events.events.map(({ action }) => action);
  return { clock, asked, lines, events, actions, closed: () => closed };
}

describe('engine events', () => {
  it('are recorded with component and machine, without labels and commands', async () => {
    const labels = { [COMPONENT_LABEL]: 'kafka1', [MACHINE_LABEL]: '2', secret: 'x' };
    const text =
      raw(5, 'exec_create: sh -c true', labels) + raw(7, 'die', { ...labels, exitCode: '137' });
    // Cut in the midst of a line, as a socket does.
    const { lines, events } = recording({
      gives: [text.slice(0, 50), text.slice(50)],
      finally: 'hangs',
    });
    await settled();
    await events[Symbol.asyncDispose]();
    expect(lines).toEqual([
      {
        ...{ at: 7, engine: 'machine1', type: 'container', action: 'die', component: 'kafka1' },
        ...{ machine: 2, id: '0123456789ab', attributes: { exitCode: '137' } },
      },
    ]);
    expect(events.events).toEqual(lines);
  });

  it('go on where they were after an engine was away, and say that it was', async () => {
    const { clock, asked, actions, events } = recording(
      { gives: [raw(1_000, 'die')], finally: 'fails' },
      { finally: 'fails' },
      { gives: [raw(1_000, 'die'), raw(1_700, 'start')], finally: 'hangs' },
    );
    await clock.advance(1_000);
    expect(asked).toEqual([0, 950, 950]);
    expect(actions()).toEqual(['die', 'does not answer', 'start', 'answers again']);
    await events[Symbol.asyncDispose]();
  });

  it('do not wait for ever on a stream that says nothing', async () => {
    const { clock, asked, actions, events } = recording(
      { gives: [raw(20, 'die')], finally: 'hangs' },
      { gives: [raw(9_000, 'start')], finally: 'hangs' },
    );
    await clock.advance(9_999);
    expect(asked).toEqual([0]);
    await clock.advance(1);
    expect(asked).toEqual([0, 0]);
    expect(actions()).toEqual(['die', 'start']);
    await events[Symbol.asyncDispose]();
  });

  it('end with the scenario, and close their file once', async () => {
    const { clock, asked, events, closed } = recording({ finally: 'hangs' });
    await events[Symbol.asyncDispose]();
    await events[Symbol.asyncDispose]();
    await clock.advance(60_000);
    expect([asked.length, closed()]).toEqual([1, 1]);
  });

  it('come from every engine of the network, with its filters', async () => {
    const asked: unknown[] = [];
    const engine = (name: string) =>
      ({
        getEvents: async ({ since, filters }: { since: number; filters?: unknown }) =>
          asked.push({ name, since, filters }),
      }) as unknown as Docker;
    const filters = { label: ['io.fabric-swarm-harness.network=fabric'] };
    const network = {
      engines: [
        { name: 'host', docker: engine('outer'), filters },
        { name: 'machine2', docker: engine('inner') },
      ],
    } as unknown as Session['network'];
    const sources = eventSources({ network });
    const { signal } = new AbortController();
    await Promise.all(sources.map((source) => source.open(1_500, signal)));
    expect(sources.map((source) => source.engine)).toEqual(['host', 'machine2']);
    expect(asked).toEqual([
      { name: 'outer', since: 1.5, filters },
      { name: 'inner', since: 1.5, filters: undefined },
    ]);
  });
});
