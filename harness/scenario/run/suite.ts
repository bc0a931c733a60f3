import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Interruption } from '../../base/interruption.ts';
import { patience, patienceText } from '../../base/patience.ts';
import type { Settings } from '../../base/settings.ts';
import type { OwnChaincode } from '../../network/chaincode/own-chaincode.ts';
import type { DeployedNetwork } from '../../network/deployed.ts';
import type { ForeignPlace } from '../../network/foreign/network.ts';
import type { ProvideOptions } from '../../network/machines/provide.ts';
import type { ProvidedAlone, Provider } from '../../network/provider.ts';
import { waitForApi } from '../../network/wait-for-api.ts';
import { BRING_UP_FOLDER, earlierRuns, markFlaky, writeReport } from '../../report/index.ts';
import type { NetworkDescription, RunResult } from '../../report/model.ts';
import { componentsOf } from '../../topology/components.ts';
import type { Topology } from '../../topology/schema.ts';
import { runScenarioFiles } from './jest-runs.ts';
import { Results } from './results.ts';
import type { RunContext } from './run-context.ts';
import { sourcesHash } from './sources.ts';

export interface SuiteRequest {
  readonly settings: Settings;
  /** Who makes the harness's own network. */
  readonly provider: Provider;
  /** Of the harness's own network. */
  readonly topology: Topology | undefined;
  /** Scenario files, absolute, in the order in which they run. */
  readonly files: readonly string[];
  readonly suite: string;
  readonly seed: number;
  /** What the report says of the run's settings. */
  readonly given: RunResult['settings'];
  readonly ownChaincodes: readonly OwnChaincode[];
  /** A network that others run, in place of one of the harness's. */
  readonly foreign?: ForeignPlace | undefined;
  /** Files, folders and images of the user's that decide how the run goes. */
  readonly added: readonly string[];
  /** Leave a network that is brought up for this run running. */
  readonly keep: boolean;
  /** How the scenarios say what they are doing. */
  readonly told: RunContext['told'];
  /** `stop` leaves the terminal to the scenarios. */
  readonly progress: ProvideOptions['progress'] & { stop(): void };
  readonly interruption: Interruption;
  /** Value of `performance.now()` when the command started. */
  readonly started: number;
}

/**
 * Runs scenario files on one network, with audit and report: on the one that runs, or on a new one that goes with the
 * run. Never throws for what network or scenarios do; the result says it, and is on disk at every moment.
 *
 * @returns the run, and the path of its report as HTML
 */
export async function runSuite(
  request: SuiteRequest,
): Promise<{ readonly run: RunResult; readonly report: string }> {
  const { settings, topology, files, suite, seed, progress, interruption, started } = request;
  const { signal } = interruption;
  const origin = Math.round(Date.now() - (performance.now() - started));
  const id = `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}-${randomBytes(2).toString('hex')}`;
  const runFolder = path.join(settings.reportsDir, id);
  mkdirSync(runFolder, { recursive: true });
  const results = new Results(runFolder, files, suite);
  let run: RunResult = {
    schema: 2,
    id,
    startedAt: new Date().toISOString(),
    endedAt: null,
    seed,
    state: 'running',
    settings: { ...request.given, patience: String(patience()) },
    versions: {},
    network: {
      name: request.foreign ? 'foreign' : settings.name,
      topology: topology?.name ?? 'foreign',
      machines: [],
      steps: [],
    },
    scenarios: results.read('running'),
    problems: [],
  };
  progress.say(`run ${id}, seed ${seed} (repeat with --seed ${seed})`);
  progress.say(patienceText());
  await writeReport(run, runFolder);
  const earlier = await earlierRuns(settings.reportsDir, id);
  let provided: ProvidedAlone | undefined;
  try {
    const harness = sourcesHash([...files, ...request.added]);
    if (topology) {
      provided = await request.provider.provideAlone(topology, {
        settings,
        command: 'harness test',
        progress,
        interruption,
        elapsed: () => (performance.now() - started) / 1000,
        ownChaincodes: request.ownChaincodes,
        logsFolder: path.join(runFolder, BRING_UP_FOLDER),
      });
      const { network } = provided;
      const apiProblem = await progress.step('wait for the REST API', () =>
        waitForApi(network.state, signal),
      );
      // Not every scenario needs it; one that does will say so in its result.
      if (apiProblem) progress.say(apiProblem);
      const ran = network.topology.name;
      run = {
        ...run,
        // A network that ran already may be of another topology than the one asked for; it is the one that was tested.
        settings: ran === topology.name ? run.settings : { ...run.settings, topology: ran },
        versions: { ...versionsOf(network), harness },
        network: describeNetwork(network),
      };
    } else run = { ...run, versions: { harness } };
    progress.stop();
    const context: RunContext = {
      runFolder,
      origin,
      seed,
      network: settings.name,
      swarm: settings.swarm,
      hosts: settings.hosts,
      suite,
      suffix: id.slice(-4),
      told: request.told,
      ...(request.foreign && { foreign: request.foreign }),
    };
    const update = async () => {
      run = { ...run, scenarios: results.read('running') };
      await writeReport(markFlaky(run, earlier), runFolder);
    };
    const code = await runScenarioFiles(files, context, provided?.engine.host, signal, update);
    const state = signal.aborted ? 'interrupted' : 'completed';
    run = { ...run, state, scenarios: results.read(state) };
    if (code !== 0 && run.scenarios.every((s) => s.status === 'passed')) {
      run = {
        ...run,
        problems: [`the scenario runner ended with code ${code}; its output is above`],
      };
    }
  } catch (error) {
    progress.stop();
    const state = signal.aborted ? 'interrupted' : 'failed';
    run = {
      ...run,
      scenarios: results.read(state),
      state,
      problems: [...run.problems, messageOf(error)],
    };
  }
  run = markFlaky({ ...run, endedAt: new Date().toISOString() }, earlier);
  const written = await writeReport(run, runFolder);
  if (provided?.kind === 'new') {
    if (request.keep && !signal.aborted) await provided.release();
    else await provided.remove();
  }
  await provided?.done();
  return { run, report: written.html };
}

function describeNetwork(network: DeployedNetwork): NetworkDescription {
  const { name, topology, steps, firstTransfer } = network.state;
  const components = componentsOf(topology);
  return {
    name,
    topology: topology.name,
    machines: network.machines.map(({ number }) => ({
      number,
      components: components.filter((c) => c.machine === number).map((c) => c.name),
    })),
    steps: steps.map(({ step, where, seconds }) => ({
      step: where ? `${step} (${where})` : step,
      seconds,
    })),
    start: firstTransfer.seconds - firstTransfer.imageSeconds,
  };
}

function versionsOf(network: DeployedNetwork): Record<string, string> {
  const { versions, standIns, mode, builds, definitions, packageIds } = network.state;
  const chaincodes = Object.entries(builds).map(([name, { origin, hash }]) => [
    `chaincode ${name}`,
    `${definitions[name]?.version}, ${origin}, sources ${hash}, package ${packageIds[name]}`,
  ]);
  return { ...versions, ...standIns, machines: mode, ...Object.fromEntries(chaincodes) };
}
