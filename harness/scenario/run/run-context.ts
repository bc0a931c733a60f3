import type { Settings } from '../../base/settings.ts';
import type { ForeignPlace } from '../../network/foreign/network.ts';

/** What the parent process tells the scenarios' process, as JSON in one environment variable. */
export interface RunContext {
  readonly runFolder: string;
  /** Milliseconds since the epoch at the start of the run: the zero of all times. */
  readonly origin: number;
  readonly seed: number;
  /** Name of the network. */
  readonly network: string;
  /** What it runs on, as the settings say it. */
  readonly swarm: Settings['swarm'];
  readonly hosts?: Settings['hosts'];
  readonly suite: string;
  /** Last part of each channel's name, so that a network can serve several runs. */
  readonly suffix: string;
  /** How the scenarios say what they are doing: lines on standard error, or JSON lines on standard output. */
  readonly told: 'lines' | 'json';
  /** A network that others run, in place of the one of that name. */
  readonly foreign?: ForeignPlace;
}

export const RUN_CONTEXT = 'SCENARIO_RUN_CONTEXT';

/** Whether this process was started by `harness test`. */
export const inRun = (): boolean => Boolean(process.env[RUN_CONTEXT]);

/** @throws Error when the process was not started by `harness test` */
export function readRunContext(): RunContext {
  const text = process.env[RUN_CONTEXT];
  if (!text) {
    throw new Error(
      'scenarios need a network and a run: start them with `harness test --scenario FILE`',
    );
  }
  return JSON.parse(text) as RunContext;
}
