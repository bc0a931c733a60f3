import type { FaultResult, ScenarioResult } from '../model.ts';
import { sampleRun } from '../testing/sample-run.ts';
import { axisOf, clock, letter, position, ticks } from './axis.ts';
import { componentsHit, spans } from './states.ts';
import { timeline } from './timeline.ts';

const run = sampleRun();
const { machines } = run.network;
const named = (pattern: RegExp) =>
  run.scenarios.find(({ name }) => pattern.test(name)) as ScenarioResult;

describe('axis', () => {
  it('covers what lies outside of the recorded duration', () => {
    const scenario = { ...named(/^Crash an/), duration: 0 };
    expect(axisOf(scenario)).toEqual({ from: 98_000, to: 150_000 });
  });

  it('keeps positions within the track', () => {
    const axis = { from: 1000, to: 3000 };
    expect([0, 1000, 2000, 9000].map((at) => position(axis, at))).toEqual([
      '0%',
      '0%',
      '50%',
      '100%',
    ]);
  });

  it.each([
    [34_000, [0, 5, 10, 15, 20, 25, 30]],
    [64_000, [0, 10, 20, 30, 40, 50, 60]],
    [600_000, [0, 120, 240, 360, 480, 600]],
  ])('has round ticks over %p ms', (to, expected) => {
    expect(ticks({ from: 0, to }, 7)).toEqual(expected);
  });

  it('writes seconds, then minutes', () => {
    expect([clock(40, 64), clock(150, 600)]).toEqual(['40 s', '2:30']);
  });

  it('never runs out of letters', () => {
    expect([0, 25, 26, 27, 52].map(letter)).toEqual(['A', 'Z', 'AA', 'AB', 'BA']);
  });
});

describe('states', () => {
  it('takes a machine for all that runs on it', () => {
    const [fault] = named(/^Lose machine 3/).faults;
    expect(componentsHit(fault as NonNullable<typeof fault>, machines)).toEqual([
      'zookeeper0',
      'zookeeper1',
      'kafka0',
      'kafka1',
      'orderer1',
    ]);
  });

  it('shows what was measured, where it was', () => {
    const scenario = named(/^Crash an/);
    const axis = axisOf(scenario);
    expect(spans('orderer0', scenario, machines, axis)).toEqual([
      { from: 110_000, to: 122_000, state: 'down', label: 'down' },
      { from: 122_000, to: 125_180, state: 'recovering', label: 'recovering' },
    ]);
  });

  it('shows what the faults imply, where nothing was measured', () => {
    const scenario = named(/^Freeze/);
    expect(spans('orderer1', scenario, machines, axisOf(scenario))).toEqual([
      { from: 230_000, to: 246_000, state: 'frozen', label: 'freeze' },
      { from: 246_000, to: 247_290, state: 'recovering', label: 'recovering' },
    ]);
    expect(spans('peer0.org1', scenario, machines, axisOf(scenario))).toEqual([]);
  });

  it('shows a recovery for each fault, and one for faults that overlapped', () => {
    const { states: _, ...scenario } = named(/^Crash an/);
    const axis = axisOf(scenario);
    const [first, second] = scenario.faults as readonly [FaultResult, FaultResult];
    const twice = { ...scenario, faults: [first, { ...second, targets: ['orderer0'] }] };
    const of = (changed: ScenarioResult) =>
      spans('orderer0', changed, machines, axis).map(({ from, to, state }) => [from, to, state]);
    expect(of(twice)).toEqual([
      [110_000, 122_000, 'down'],
      [122_000, 125_180, 'recovering'],
      [128_000, 138_000, 'down'],
      [138_000, 138_520, 'recovering'],
    ]);
    const recovery = scenario.recovery.slice(2).map((row) => ({ ...row, faults: [1, 2] }));
    expect(of({ ...twice, recovery })).toEqual([
      [110_000, 122_000, 'down'],
      [128_000, 138_000, 'down'],
      [138_000, 138_520, 'recovering'],
    ]);
  });

  it('adds to what was measured only what no engine can tell', () => {
    const { states: _, ...scenario } = named(/^Crash an/);
    const axis = axisOf(scenario);
    const [crash] = scenario.faults as readonly [FaultResult];
    const cut = { ...crash, kind: 'isolate', injectedAt: 100_000, healedAt: 104_000 };
    const states = [
      { component: 'orderer0', at: 110_100, state: 'down' },
      { component: 'orderer0', at: 122_300, state: 'recovering' },
      { component: 'orderer0', at: 123_000, state: 'up' },
      { component: 'kafka1', at: 140_000, state: 'down' },
    ] as const;
    const recovery = scenario.recovery.slice(0, 1).map((row) => ({ ...row, faults: [2] }));
    const measured = { ...scenario, faults: [cut, crash], recovery, states };
    const of = (component: string) =>
      spans(component, measured, machines, axis).map(({ from, to, label }) => [from, to, label]);
    expect(of('orderer0')).toEqual([
      [100_000, 104_000, 'isolate'],
      [110_100, 122_300, 'down'],
      [122_300, 123_000, 'recovering'],
      [123_000, 125_180, 'recovering'],
    ]);
    // Nobody did anything to it: it died by itself.
    expect(of('kafka1')).toEqual([[140_000, axis.to, 'down']]);
  });

  it.each([
    ['loseMachine', 'down'],
    ['restartInTurn', 'down'],
    ['outOfMemory', 'down'],
    ['fullDisk', 'degraded'],
    ['of-another-version', 'degraded'],
    ['toString', 'degraded'],
  ])('knows what %s does', (kind, state) => {
    const { states: _, ...scenario } = named(/^Crash an/);
    const faults = scenario.faults.map((fault) => ({ ...fault, kind }));
    const [span] = spans('orderer0', { ...scenario, faults }, machines, axisOf(scenario));
    expect(span).toMatchObject({ state, label: kind });
  });

  it('lets a fault without heal last to the end, and doubts what was not confirmed', () => {
    const scenario = named(/mid-commit$/);
    const axis = axisOf(scenario);
    expect(spans('peer0.org1', scenario, machines, axis)).toEqual([
      { from: 357_000, to: axis.to, state: 'degraded', label: 'delay (inconclusive)' },
    ]);
  });
});

describe('timeline', () => {
  it('has all components, grouped by machine, and a band with a letter for each fault', () => {
    const scenario = named(/^Crash an/);
    const text = timeline(scenario, run, axisOf(scenario)).text;
    for (const component of machines.flatMap(({ components }) => components)) {
      expect(text).toContain(`>${component}</div>`);
    }
    expect(text.match(/<h5>machine \d/g)).toHaveLength(3);
    expect(text.match(/class="band"/g)).toHaveLength(2);
    expect(text).toContain('<b>B</b>');
    expect(text).toContain('A crash orderer0; B crash orderer1');
  });

  it('has a place for what no machine has', () => {
    const scenario = named(/^Freeze/);
    const [fault] = scenario.faults as readonly [FaultResult];
    const strange = { ...scenario, faults: [{ ...fault, targets: ['client org1-3'] }] };
    const text = timeline(strange, run, axisOf(strange)).text;
    expect(text).toMatch(/<h5>elsewhere<\/h5>.*client org1-3.*class="state frozen/s);
    expect(timeline(scenario, run, axisOf(scenario)).text).not.toContain('elsewhere');
  });

  it('is left out where there is nothing to place in time', () => {
    const scenario = named(/^Fill/);
    expect(timeline(scenario, run, axisOf(scenario)).text).toBe('');
  });
});
