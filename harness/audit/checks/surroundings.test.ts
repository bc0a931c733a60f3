import type { EnvironmentProbe } from '../recording.ts';
import { judge } from '../testing/forge.ts';
import { LedgerBuilder } from '../testing/ledger-builder.ts';
import { busyRecording } from '../testing/scene.ts';
import { environmentRestored, logsClean } from './surroundings.ts';

const logged = (...lines: string[]) => {
  const recording = new LedgerBuilder().recording();
  recording.logs = [{ component: 'orderer1', lines: ['INFO all is well', ...lines] }];
  return recording;
};

describe('F23 logs clean: whole logs', () => {
  const whole = () => {
    const recording = busyRecording();
    recording.scenario = { ...recording.scenario, components: [{ name: 'orderer0', machine: 1 }] };
    const [log] = recording.logs;
    if (!log) throw new Error('expected a log');
    const saved = { component: 'orderer0', bytes: 52, containers: ['c0ffee'] };
    const event = { at: 1, engine: 'machine1', type: 'container', component: 'orderer0' };
    return Object.assign(recording, {
      logs: [{ ...log, size: 52 }],
      savedLogs: { components: [saved], problems: [] as string[] },
      engineEvents: [{ ...event, action: 'die', id: 'c0ffee' }],
    });
  };

  it('accepts a log of every container, as long as it was when it was saved', () => {
    expect(judge(logsClean, whole())).toMatchObject({
      verdict: 'valid',
      counts: { components: 1 },
    });
  });

  it('rejects one that was cut', () => {
    const recording = whole();
    recording.logs = recording.logs.map((log) => ({ ...log, size: 51 }));
    expect(judge(logsClean, recording)).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          sources: ['orderer0'],
          message: 'orderer0: its log was cut or changed: 52 bytes were saved, 51 are there',
        },
      ],
    });
  });

  it.each<[string, (recording: ReturnType<typeof whole>) => object]>([
    [
      'there is no log of kafka3, kafka2',
      ({ scenario }) => ({
        scenario: {
          ...scenario,
          components: [
            ...(scenario.components ?? []),
            { name: 'kafka3', machine: 2 },
            { name: 'kafka2', machine: 2 },
          ],
        },
      }),
    ],
    [
      'nothing tells whether the log is whole of orderer0, kafka3',
      ({ logs, scenario }) => ({
        savedLogs: null,
        logs: [...logs, { component: 'kafka3', lines: ['INFO'], size: 4 }],
        scenario: {
          ...scenario,
          components: [...(scenario.components ?? []), { name: 'kafka3', machine: 2 }],
        },
      }),
    ],
    [
      'logs could not be read to their end: machine 2: no answer',
      ({ savedLogs }) => ({ savedLogs: { ...savedLogs, problems: ['machine 2: no answer'] } }),
    ],
    [
      'the log lacks what ended containers had logged: orderer0 (container gone), orderer0 (container begun)',
      ({ engineEvents: [event] }) => ({
        engineEvents: [
          { ...event, id: 'gone' },
          { ...event, id: 'begun', action: 'start' },
        ],
      }),
    ],
    [
      'what the engines told cannot be read: line 3',
      () => ({
        engineEvents: {
          [Symbol.iterator]: () => {
            throw new Error('line 3');
          },
        },
      }),
    ],
  ])('does not know: %s', (reason, change) => {
    const recording = whole();
    expect(judge(logsClean, Object.assign(recording, change(recording)))).toMatchObject({
      verdict: 'unknown',
      reason,
    });
  });
});

describe('F23 logs clean: what says nothing of the logs', () => {
  const told = (...events: readonly object[]) => {
    const recording = busyRecording();
    const log = { component: 'orderer0', lines: ['INFO'], size: 4 };
    return Object.assign(recording, {
      logs: [log],
      savedLogs: {
        components: [{ component: 'orderer0', bytes: 4, containers: ['c0ffee'] }],
        problems: [],
      },
      engineEvents: events,
    });
  };
  const components = [{ name: 'orderer0', machine: 1 }];
  const event = { at: 1, engine: 'machine1', type: 'container', component: 'orderer0', id: 'gone' };

  it.each<[string, object]>([
    ['an event of a network', { ...event, type: 'network', action: 'die' }],
    ['another event of a container', { ...event, action: 'exec_start' }],
    ['a container of no component that is known', { ...event, component: 'proxy', action: 'die' }],
  ])('passes over %s', (_, other) => {
    const recording = told(other);
    recording.scenario = { ...recording.scenario, components };
    expect(judge(logsClean, recording).verdict).toBe('valid');
  });

  it('passes over a log of which nobody noted the length', () => {
    const logs = [{ component: 'orderer0', lines: ['INFO'] }];
    expect(judge(logsClean, { ...told(), logs }).verdict).toBe('valid');
  });

  it('asks for no log where the scenario names no components', () => {
    const recording = told({ ...event, action: 'die' });
    expect(judge(logsClean, recording).verdict).toBe('valid');
    const { savedLogs: _, ...rest } = recording;
    expect(judge(logsClean, { ...rest, savedLogs: null }).verdict).toBe('valid');
  });

  it.each([logsClean, environmentRestored])('says so where others run the network', (check) => {
    const recording = logged('panic: x');
    recording.scenario = { ...recording.scenario, runByOthers: true };
    expect(judge(check, recording)).toMatchObject({
      applicable: false,
      reason: 'others run the network',
      counts: { violations: 0 },
    });
  });
});

describe('F23 logs clean', () => {
  it('accepts what an outage is expected to print', () => {
    const recording = logged(
      'WARN Rejecting broadcast with SERVICE_UNAVAILABLE: rejected by Consenter',
      'ERRO Error during consumption: kafka: error while consuming',
      'INFO Deliver sessions will be dropped if consumption errors continue.',
      'INFO Marked consenter as available again',
      'INFO the company policy panicked nobody, fatality none',
    );
    expect(judge(logsClean, recording)).toMatchObject({
      verdict: 'valid',
      counts: { components: 1, lines: 6, violations: 0 },
    });
  });

  it.each([
    ['panic: runtime error: invalid memory address', 'panic'],
    ['2026-11-24 PANI 03e Cannot set up channel consumer', 'panic'],
    ['goroutine 117 [running]:', 'panic'],
    ['peer failed with panic: send on closed channel', 'panic'],
    ['2026-11-24 FATA 001 cannot listen', 'fatal error'],
    ['[2026-11-24] FATAL Shutdown broker (kafka.server.KafkaServer)', 'fatal error'],
    ['fatal error: concurrent map writes', 'fatal error'],
    ['Ledger may be corrupted:cannot unmarshal', 'corrupted ledger'],
    ['state DB recovery started', 'state database in recovery'],
    ['[channel: mychannel] Kafka consumer closed.', 'an orderer stopped consuming'],
    ['Consenter for channel exiting', 'an orderer stopped ordering'],
    ['no pending requests though; this might indicate a bug', 'time-to-cut out of order'],
    ['offset is outside the range of offsets maintained', 'Kafka lost records'],
    ['Unable to unmarshal consumed message = x', 'unreadable record'],
    ['Unrecoverable error during consumption', 'consumption given up'],
    ['running in compatibility mode', 'capabilities missing'],
    ['Unable to decode a Kafka packet', 'Kafka version mismatch'],
    ['discarding bad normal message because', 'an accepted transaction was dropped'],
    ['Halting of chain requested', 'an orderer halted a channel'],
    ['kafka.common.InconsistentClusterIdException: x', 'ZooKeeper lost its data'],
    ['java.lang.OutOfMemoryError: Java heap space', 'out of memory'],
    ['FATAL ERROR: Reached heap limit - JavaScript heap out of memory', 'fatal error'],
    ['[error] JavaScript heap out of memory', 'out of memory'],
    ['UnhandledPromiseRejection: x', 'unhandled error'],
    ['process got an unhandledRejection', 'unhandled error'],
    ['[c-api:_] Unhandled Rejection reason Error: Assertion failed', 'unhandled error'],
  ])('rejects %s', (line, meaning) => {
    const result = judge(logsClean, logged(line));
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      { sources: ['orderer1'], message: `orderer1: ${meaning}: ${line}` },
    ]);
  });

  it('quotes the first 200 characters', () => {
    const [evidence] = judge(logsClean, logged(`panic: ${'x'.repeat(300)}`)).evidence;
    expect(evidence?.message).toBe(`orderer1: panic: panic: ${'x'.repeat(193)}`);
  });

  it('accepts what the scenario allows, in the components for which it does', () => {
    const recording = logged('panic: as planned');
    const allow = (components?: string[]) => {
      recording.scenario = {
        ...recording.scenario,
        allowedLogs: [
          { pattern: '^panic: as', reason: 'planted', ...(components && { components }) },
        ],
      };
    };
    allow();
    expect(judge(logsClean, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'allowed lines': 1 },
    });
    allow(['orderer1']);
    expect(judge(logsClean, recording).verdict).toBe('valid');
    allow(['orderer0']);
    expect(judge(logsClean, recording).verdict).toBe('invalid');
    recording.logs = [{ component: 'orderer1', lines: ['panic: not planned'] }];
    allow();
    expect(judge(logsClean, recording).verdict).toBe('invalid');
  });

  it('rejects a container that was killed for lack of memory, unless that was the fault', () => {
    const recording = logged();
    const { environment } = recording;
    if (!environment) throw new Error('no environment');
    const killed = { component: 'kafka1', state: 'running', oomKilled: true };
    recording.environment = {
      ...environment,
      after: { ...environment.after, containers: [killed] },
    };
    expect(judge(logsClean, recording).evidence).toEqual([
      { sources: ['kafka1'], message: 'kafka1 was killed for lack of memory' },
    ]);
    recording.scenario = {
      ...recording.scenario,
      allowedLogs: [{ pattern: 'OOMKilled', components: ['kafka1'], reason: 'the fault' }],
    };
    expect(judge(logsClean, recording).verdict).toBe('valid');
    recording.environment = null;
    expect(judge(logsClean, recording).verdict).toBe('valid');
  });

  it('is unknown without a line', () => {
    const recording = logged();
    recording.logs = [{ component: 'orderer0', lines: [] }];
    expect(judge(logsClean, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 lines, needs at least 1',
    });
  });
});

describe('F25 environment restored', () => {
  const restored = (change: Partial<EnvironmentProbe>, before: Partial<EnvironmentProbe> = {}) => {
    const recording = new LedgerBuilder().recording();
    const { environment } = recording;
    if (!environment) throw new Error('no environment');
    recording.environment = {
      before: { ...environment.before, ...before },
      after: { ...environment.after, ...change },
    };
    return judge(environmentRestored, recording);
  };

  it('accepts an environment as it was', () => {
    expect(restored({})).toMatchObject({
      verdict: 'valid',
      counts: { machines: 3, services: 1, containers: 1, paths: 2, violations: 0 },
    });
  });

  const machines = [1, 2, 3].map((number) => ({ number, ready: true }));
  const container = { component: 'orderer0', state: 'running', oomKilled: false };
  const lo = 'machine 1: qdisc noqueue 0: dev lo';
  it.each<[string, Partial<EnvironmentProbe>, string, string[]]>([
    [
      'a rule',
      { leftovers: [lo, 'machine 2: DROP udp dpt:4789'] },
      'left over from a fault: machine 2: DROP udp dpt:4789',
      ['machine 2'],
    ],
    ['a rule twice', { leftovers: [lo, lo] }, `left over from a fault: ${lo}`, ['machine 1']],
    [
      'a machine that is not ready',
      { machines: machines.map((m) => ({ ...m, ready: m.number !== 3 })) },
      'machine 3 is not ready',
      ['machine 3'],
    ],
    ['a machine that is gone', { machines: machines.slice(1) }, 'machine 1 is gone', ['machine 1']],
    ['a service that is gone', { services: [] }, 'service orderer0 is gone', ['orderer0']],
    [
      'a service too weak',
      { services: [{ name: 'orderer0', desired: 1, running: 0 }] },
      'service orderer0 runs 0 of 1 tasks',
      ['orderer0'],
    ],
    [
      'a paused container',
      { containers: [{ ...container, state: 'paused' }] },
      'container orderer0 is paused',
      ['orderer0'],
    ],
    ['a container that is gone', { containers: [] }, 'container orderer0 is gone', ['orderer0']],
    [
      'a path that is cut',
      {
        reachability: [
          { from: 'machine 1', to: 'machine 2', ok: false },
          { from: 'machine 2', to: 'machine 1', ok: true },
        ],
      },
      'machine 1 no longer reaches machine 2',
      ['machine 1', 'machine 2'],
    ],
    [
      'a path that was not probed again',
      { reachability: [{ from: 'machine 1', to: 'machine 2', ok: true }] },
      'machine 2 no longer reaches machine 1',
      ['machine 2', 'machine 1'],
    ],
  ])('rejects %s', (_case, change, message, sources) => {
    expect(restored(change)).toMatchObject({
      verdict: 'invalid',
      evidence: [{ message, sources }],
    });
  });

  it('accepts fewer leftovers, new services and containers, and paths that never worked', () => {
    const paths = [
      { from: 'machine 1', to: 'machine 2', ok: true },
      { from: 'machine 2', to: 'machine 1', ok: false },
    ];
    expect(
      restored(
        {
          leftovers: [],
          services: [
            { name: 'orderer0', desired: 1, running: 1 },
            { name: 'new', desired: 1, running: 0 },
          ],
          containers: [container, { ...container, component: 'new' }],
          reachability: paths,
        },
        { reachability: paths },
      ).verdict,
    ).toBe('valid');
  });

  it('is unknown when nothing, or next to nothing, was probed', () => {
    const recording = new LedgerBuilder().recording();
    recording.environment = null;
    expect(judge(environmentRestored, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'the environment was not probed before and after',
    });
    expect(restored({}, { machines: [] }).reason).toBe('saw 0 machines, needs at least 1');
    expect(restored({}, { reachability: [] }).reason).toBe('saw 0 paths, needs at least 1');
  });
});
