import type Docker from 'dockerode';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { waitFor } from '../base/wait.ts';
import { busyEngine } from './busy-engine.ts';
import { candidateEndpoints, clientFor, NO_ANSWER, pingFailure } from './endpoint.ts';
import {
  assertCanProvide,
  hostFacts,
  leasePrivateEngine,
  privateHost,
  providePrivateEngine,
} from './private-engine.ts';

export interface EngineBudgets {
  /** For an engine to answer a ping, ms. */
  readonly answerMs: number;
  /** For one that is starting to answer, ms. */
  readonly startMs: number;
}

const BUDGETS: EngineBudgets = { answerMs: 1_500, startMs: 30_000 };

/** A Docker engine that answers. */
export interface Engine {
  readonly docker: Docker;
  /** As DOCKER_HOST has it. */
  readonly host: string;
  /** `existing`: the user's. `private`: provided by the harness, ends by itself when idle. */
  readonly kind: 'existing' | 'private';
}

/**
 * The engine that the user has, or a private one where that is allowed and possible.
 *
 * @param say told one line about anything that is installed or started
 * @throws UsageError with the commands to run when there is none and none can be provided
 */
export async function connectEngine(
  settings: Pick<Settings, 'engine' | 'stateDir'>,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  budgets: EngineBudgets = BUDGETS,
): Promise<Engine> {
  const { engine, tried, silent } = await existingEngine(env, say, budgets);
  if (engine?.kind === 'private') leasePrivateEngine();
  if (engine) return engine;
  if (settings.engine === 'existing') {
    throw new UsageError([
      `no Docker engine answers: ${tried.join('; ')}`,
      'HARNESS_ENGINE=existing forbids starting one; start yours, point DOCKER_HOST at it, or unset HARNESS_ENGINE',
    ]);
  }
  const busy = busyEngine();
  if (busy !== undefined || silent) {
    throw new UsageError([
      `a Docker engine ${busy === undefined ? 'has a socket' : `runs (process ${busy})`} here but does not answer: ${tried.join('; ')}`,
      'wait until it does, or end it; a second engine beside it is not started, since both would use the same bridge and packet filter',
    ]);
  }
  assertCanProvide(hostFacts(), tried);
  // Who names an engine expects to find things there.
  const [named] = tried.filter((each) => !each.startsWith('the default socket'));
  if (named) say(`does not answer: ${named}; using a private engine instead`);
  await providePrivateEngine(settings.stateDir, say);
  return { docker: clientFor(privateHost), host: privateHost, kind: 'private' };
}

/**
 * The engine that answers now, started by nobody: for commands that only look or remove.
 *
 * @returns `undefined` when none answers
 */
export async function findEngine(env: NodeJS.ProcessEnv): Promise<Engine | undefined> {
  const { engine } = await lookForEngine(env);
  if (engine) return engine;
  const answers = (await pingFailure(privateHost)) === undefined;
  return answers
    ? { docker: clientFor(privateHost), host: privateHost, kind: 'private' }
    : undefined;
}

interface Found {
  readonly engine?: Engine;
  /** A line for each endpoint that did not answer. */
  readonly tried: readonly string[];
  /** A socket took the question and kept silent: systemd holds it and is starting the engine, or the engine is. */
  readonly silent: boolean;
}

/** The user's engine; one that is starting is waited for. */
async function existingEngine(
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  { answerMs, startMs }: EngineBudgets,
): Promise<Found> {
  let found = await lookForEngine(env, answerMs);
  const isStarting = () => found.silent || (!found.engine && busyEngine() !== undefined);
  if (!isStarting()) return found;
  say('a Docker engine is starting here: waiting until it answers');
  const options = { subject: 'Docker engine', expected: 'an answer', budgetMs: startMs };
  await waitFor(options, async () => {
    found = await lookForEngine(env, answerMs);
    return isStarting() ? undefined : true;
  }).catch(() => undefined);
  return found;
}

async function lookForEngine(env: NodeJS.ProcessEnv, answerMs?: number): Promise<Found> {
  const tried: string[] = [];
  let silent = false;
  for (const { host, source } of candidateEndpoints(env)) {
    const failure = await pingFailure(host, answerMs);
    if (failure === undefined) {
      const kind = host === privateHost ? 'private' : 'existing';
      return { engine: { docker: clientFor(host), host, kind }, tried, silent: false };
    }
    silent ||= host.startsWith('unix:') && failure.startsWith(NO_ANSWER);
    tried.push(`${source} (${host}): ${failure}`);
  }
  return { tried, silent };
}
