import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { messageOf, UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { parseOwnChaincode } from '../network/chaincode/own-chaincode.ts';
import type { MachinesNetwork } from '../network/machines/network.ts';
import { preflight } from '../network/machines/preflight.ts';
import { type Provided, provideNetwork, useAlone } from '../network/machines/provide.ts';
import {
  BRING_UP_FOLDER,
  closingLine,
  earlierRuns,
  formatScorecard,
  markFlaky,
  reportToGitHub,
  runVerdict,
  writeReport,
} from '../report/index.ts';
import type { NetworkDescription, RunResult } from '../report/model.ts';
import { Results } from '../scenario/run/results.ts';
import type { RunContext } from '../scenario/run/run-context.ts';
import { componentsOf } from '../topology/components.ts';
import { interruptible } from './context.ts';
import { givenSettings } from './given-settings.ts';
import { runScenarioFiles, runUnitSuite } from './jest-runs.ts';
import { scenarioFiles } from './scenario-files.ts';
import { sourcesHash } from './sources.ts';
import { columnsOf, terminalProgress } from './terminal.ts';
import { waitForApi } from './wait-for-api.ts';

export interface TestOptions {
  readonly scenario?: readonly string[];
  readonly suite: string;
  /** Which part of the files, e.g. `1/3`. */
  readonly shard?: string;
  readonly seed?: string;
  /** Folder of sources or with a Dockerfile, or an image. */
  readonly chaincode?: string;
  readonly chaincodeName?: string;
  /** A signature policy's text, or the path of a policy of the channel. */
  readonly chaincodePolicy?: string;
  readonly chaincodeInit?: boolean;
  /** File of collections. */
  readonly chaincodeCollections?: string;
  /** Run the unit suite first. */
  readonly unit?: boolean;
  /** Leave a network that was brought up for this run running. */
  readonly keep?: boolean;
}

/** `harness test`: a suite or single files on one network, with audit and report. */
export async function test(settings: Settings, options: TestOptions): Promise<void> {
  const started = performance.now();
  const origin = Date.now();
  const files = scenarioFiles(options);
  const seed = seedOf(settings, options);
  const ownChaincode = options.chaincode
    ? parseOwnChaincode(options.chaincode, options.chaincodeName, {
        policy: options.chaincodePolicy,
        initRequired: options.chaincodeInit,
        collections: options.chaincodeCollections && path.resolve(options.chaincodeCollections),
      })
    : undefined;
  const topology = await preflight(settings, { running: 'fine', ownChaincode });
  const interruption = interruptible();
  const { signal } = interruption;
  const unit = options.unit ? await runUnitSuite(signal) : { passed: 0, failed: 0 };
  if (unit.failed > 0) {
    console.log(`${unit.passed} passed, ${unit.failed} failed`);
    process.exitCode = 1;
    return;
  }
  const progress = terminalProgress(process.stderr, started);
  const id = `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}-${randomBytes(2).toString('hex')}`;
  const runFolder = path.join(settings.reportsDir, id);
  mkdirSync(runFolder, { recursive: true });
  const results = new Results(runFolder, files, options.suite);
  let run: RunResult = {
    schema: 2,
    id,
    startedAt: new Date().toISOString(),
    endedAt: null,
    seed,
    state: 'running',
    settings: givenSettings(settings, options),
    versions: {},
    network: { name: settings.name, topology: topology.name, machines: [], steps: [] },
    scenarios: results.read('running'),
    problems: [],
  };
  progress.say(`run ${id}, seed ${seed} (repeat with --seed ${seed})`);
  await writeReport(run, runFolder);
  const earlier = await earlierRuns(settings.reportsDir, id);
  let provided: Provided | undefined;
  let release = async () => {};
  try {
    release = await useAlone({ settings, progress, interruption });
    provided = await provideNetwork(topology, {
      settings,
      command: 'harness test',
      progress,
      interruption,
      elapsed: () => (performance.now() - started) / 1000,
      ownChaincode,
      logsFolder: path.join(runFolder, BRING_UP_FOLDER),
      alone: true,
    });
    const { network } = provided;
    const apiProblem = await progress.step('wait for the REST API', () =>
      waitForApi(network.state, signal),
    );
    // Not every scenario needs it; one that does will say so in its result.
    if (apiProblem) progress.say(apiProblem);
    progress.stop();
    const ran = network.topology.name;
    const harness = sourcesHash([...files, ...(options.chaincode ? [options.chaincode] : [])]);
    run = {
      ...run,
      // A network that ran already may be of another topology than the one asked for; it is the one that was tested.
      settings: ran === topology.name ? run.settings : { ...run.settings, topology: ran },
      versions: { ...versionsOf(network), harness },
      network: describeNetwork(network),
    };
    const context: RunContext = {
      runFolder,
      origin,
      seed,
      network: settings.name,
      suite: options.suite,
      suffix: id.slice(-4),
    };
    const update = async () => {
      run = { ...run, scenarios: results.read('running') };
      await writeReport(markFlaky(run, earlier), runFolder);
    };
    const code = await runScenarioFiles(files, context, provided.engine.host, signal, update);
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
    if (options.keep && !signal.aborted) await provided.release();
    else await provided.remove();
  }
  await release();
  await reportToGitHub(run, written.html);
  console.log(
    formatScorecard(run, {
      colour: process.stdout.isTTY === true,
      width: columnsOf(process.stdout),
      report: path.relative(process.cwd(), written.html),
    }),
  );
  console.log(closingLine(run, unit.passed));
  process.exitCode = signal.aborted ? 130 : runVerdict(run) === 'passed' ? 0 : 1;
}

function seedOf(settings: Settings, options: TestOptions): number {
  if (options.seed === undefined) return settings.seed ?? randomInt(0, 2 ** 32);
  if (!/^\d{1,10}$/.test(options.seed) || Number(options.seed) >= 2 ** 32) {
    throw new UsageError([
      `--seed: expected a whole number below 4294967296, seen "${options.seed}"`,
    ]);
  }
  return Number(options.seed);
}

function describeNetwork(network: MachinesNetwork): NetworkDescription {
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

function versionsOf(network: MachinesNetwork): Record<string, string> {
  const { versions, standIns, mode, builds, definitions, packageIds } = network.state;
  const chaincodes = Object.entries(builds).map(([name, { origin, hash }]) => [
    `chaincode ${name}`,
    `${definitions[name]?.version}, ${origin}, sources ${hash}, package ${packageIds[name]}`,
  ]);
  return { ...versions, ...standIns, machines: mode, ...Object.fromEntries(chaincodes) };
}
