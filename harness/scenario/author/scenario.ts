import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ScenarioFacts, ScenarioPlace } from '../../audit/recording.ts';
import type { ScenarioResult } from '../../audit/result.ts';
import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { foreignNetwork } from '../../network/foreign/network.ts';
import type { Network } from '../../network/port.ts';
import { providerOf } from '../../network/provider.ts';
import { declaredFacts } from '../evidence/facts.ts';
import { declaredAt, register, sourceName, update } from '../run/declared.ts';
import { namesOf } from '../run/names.ts';
import { type ProgressLine, progressLine } from '../run/narration.ts';
import { inRun, type RunContext, readRunContext } from '../run/run-context.ts';
import { runScenario } from '../run/run-scenario.ts';
import { openSession, type Session } from '../session.ts';
import { expectationsOn, type ScenarioDefinition } from './definition.ts';

/** Longest that one scenario may take before it is aborted, healed and reported as timed out. */
const LIMIT_MS = 8 * 60_000;
/** Healing, evidence and audit after an abort. */
const GRACE_MS = 2 * 60_000;

/**
 * Declares a scenario. Everything but the declaration is the harness's: a channel of its own, accounts, clients, fault
 * verification, healing, quiescence, evidence, audit, recovery measurement and report.
 *
 * @param name a sentence fragment, unique in its suite, e.g. `crash an orderer`
 */
export function scenario(name: string, definition: ScenarioDefinition): void {
  declare(name, declaredFacts(definition), (session, place) => {
    const { type } = session.network.topology.ordering;
    const { expect: expected } = definition;
    const fitting = expected
      ? { ...definition, expect: expectationsOn(expected, type) }
      : definition;
    return runScenario(session, fitting, place);
  });
}

/**
 * Registers a test that runs something on the network and leaves a result for the report.
 *
 * @param facts what the evidence says of it from the beginning
 * @param run gives the result whatever the network does; only defects of the harness may throw
 */
export function declare(
  name: string,
  facts: Partial<ScenarioFacts>,
  run: (session: Session, place: ScenarioPlace) => Promise<ScenarioResult>,
): void {
  const source = sourceName(expect.getState().testPath ?? 'unknown');
  const { file, line } = callSite(source);
  // Outside a run nothing is registered, and the test says how to start one.
  if (inRun()) {
    const context = readRunContext();
    const declared = declaredAt(placeOf(name, file, line, context), source);
    register(context.runFolder, { ...declared, ...facts });
  }
  test(
    name,
    async () => {
      const context = readRunContext();
      const limit = AbortSignal.timeout(patient(LIMIT_MS));
      const interrupted = abortSignal();
      if (interrupted.aborted) throw new DOMException('interrupted before it began', 'AbortError');
      const place = placeOf(name, file, line, context);
      update(context.runFolder, place, { begunAt: Date.now() - context.origin });
      try {
        await using session = await openFor(context, AbortSignal.any([interrupted, limit]));
        const result = await run(session, place);
        writeFileSync(
          path.join(context.runFolder, place.folder, 'result.json'),
          JSON.stringify(result, null, 2),
        );
        if (result.status !== 'passed') throw new ScenarioFailure(result);
      } catch (error) {
        if (!(error instanceof ScenarioFailure) && !interrupted.aborted) {
          update(context.runFolder, place, { thrown: messageOf(error) });
        }
        throw error;
      }
    },
    patient(LIMIT_MS + GRACE_MS),
  );
}

function placeOf(name: string, file: string, line: number, context: RunContext): ScenarioPlace {
  const own = namesOf(name, context.suffix);
  const channel = context.foreign?.channel ?? own.channel;
  return { name, ...own, channel, file, line, suite: context.suite };
}

class ScenarioFailure extends Error {
  constructor(result: ScenarioResult) {
    super(
      [`${result.status}: ${result.name}`, ...result.problems.map((p) => `  - ${p}`)].join('\n'),
    );
    this.name = 'ScenarioFailure';
    this.stack = this.message; // the problems tell where to look; a stack of the runner would not
  }
}

async function openFor(context: RunContext, signal: AbortSignal): Promise<Session> {
  const network = context.foreign
    ? await foreignNetwork(context.foreign)
    : await ownNetwork(context);
  const { seed, runFolder, origin } = context;
  // Not by console, which jest keeps back until the file has ended.
  const tell = (told: ProgressLine) =>
    context.told === 'json'
      ? process.stdout.write(`${JSON.stringify(told)}\n`)
      : process.stderr.write(`${progressLine(told)}\n`);
  return openSession({ network, seed, runFolder, origin, signal, tell });
}

async function ownNetwork({ network: name, swarm, hosts }: RunContext): Promise<Network> {
  const provider = await providerOf({ name, swarm, hosts });
  const network = await provider.find(name);
  if (!network || network === 'incomplete') {
    throw new Error(`network "${name}": expected it to run, seen ${network ?? 'none'}`);
  }
  return network;
}

/**
 * Aborts when standard input ends: the parent holds its other end and closes it to interrupt the run, and the system
 * closes it when the parent dies, however that happens. Ended once, it stays so for the scenarios to come.
 */
function abortSignal(): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort(new DOMException('interrupted', 'AbortError'));
  const { stdin } = process;
  if (stdin.readableEnded || stdin.destroyed) end();
  else stdin.setMaxListeners(200).once('end', end).once('close', end).resume(); // two a scenario
  (stdin as { unref?: () => void }).unref?.();
  return controller.signal;
}

/**
 * File and line of the author's call. The file is absolute: this process runs in the harness' folder, and only the
 * report knows what its reader's paths are relative to.
 *
 * @param source the scenario file that is being read
 */
function callSite(source: string): { file: string; line: number } {
  const frames = new Error().stack?.split('\n') ?? [];
  for (const frame of frames.slice(1)) {
    const [, plain, line] = /(\/.*):(\d+):\d+\)?$/.exec(frame.replace('file://', '')) ?? [];
    if (
      plain === undefined ||
      (plain !== source && plain.startsWith(path.dirname(import.meta.dirname)))
    )
      continue;
    const at = { file: plain, line: Number(line) };
    if (existsSync(plain)) return at;
    // Source maps garble a path with blanks or brackets, but not its end.
    if (path.basename(plain) === path.basename(source)) return { ...at, file: source };
  }
  return { file: source, line: 1 };
}
