import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AppendFile, readBlocks, readJsonLines, readLines } from '../base/files.ts';
import type { OrderingFacts, OrderingRecord } from '../ordering/facts.ts';
import { readHistory } from '../workload/history-reader.ts';
import { audit } from './audit.ts';
import type { AuditResult } from './model.ts';
import type {
  BlockEvent,
  ChaincodeEventTold,
  EngineEvent,
  EnvironmentFacts,
  PeerAnswer,
  Recording,
  SavedLogs,
  ScenarioFacts,
  StateEntry,
} from './recording.ts';

/**
 * The evidence folder of a scenario: written while it runs, read by the audit, live and later alike.
 *
 *     scenario.json                       ScenarioFacts
 *     history.jsonl                       HistoryRecord a line
 *     blocks/<channel>/<source>.blocks    length-delimited serialized common.Block, from block 0
 *     state/<channel>/<peer>.jsonl        StateEntry a line, the scenario's namespaces in that peer's databases
 *     answers/<channel>/<peer>.jsonl      PeerAnswer a line, to calls that nobody ordered
 *     events/<channel>/<peer>.jsonl       BlockEvent a line, as a long-lived listener saw them
 *     chaincode-events/<channel>/<peer>.jsonl   ChaincodeEventTold a line, as a long-lived listener heard them
 *     replayed-events/<channel>/<peer>.jsonl    the same, as a new listener heard them at the end
 *     environment.json                    EnvironmentFacts
 *     ordering.json                       OrderingFacts
 *     ordering-log/<channel>.jsonl        OrderingRecord a line, what the service put in order
 *     logs/<component>.log                complete, from the beginning of the scenario to its end
 *     logs.json                           SavedLogs
 *     engine-events.jsonl                 EngineEvent a line, what the engines told meanwhile
 *
 * Everything but `scenario.json` may be absent; the checks that need it then say `unknown`. Nothing else is needed to
 * judge a scenario, and a `result.json` in it is no part of it.
 */
export const paths = {
  scenario: (dir: string) => join(dir, 'scenario.json'),
  history: (dir: string) => join(dir, 'history.jsonl'),
  blocks: (dir: string, channel: string, source: string) =>
    join(dir, 'blocks', channel, `${source}.blocks`),
  state: (dir: string, channel: string, peer: string) =>
    join(dir, 'state', channel, `${peer}.jsonl`),
  answers: (dir: string, channel: string, peer: string) =>
    join(dir, 'answers', channel, `${peer}.jsonl`),
  events: (dir: string, channel: string, peer: string) =>
    join(dir, 'events', channel, `${peer}.jsonl`),
  chaincodeEvents: (dir: string, channel: string, peer: string) =>
    join(dir, 'chaincode-events', channel, `${peer}.jsonl`),
  replayedEvents: (dir: string, channel: string, peer: string) =>
    join(dir, 'replayed-events', channel, `${peer}.jsonl`),
  environment: (dir: string) => join(dir, 'environment.json'),
  ordering: (dir: string) => join(dir, 'ordering.json'),
  orderingLog: (dir: string, channel: string) => join(dir, 'ordering-log', `${channel}.jsonl`),
  savedLogs: (dir: string) => join(dir, 'logs.json'),
  engineEvents: (dir: string) => join(dir, 'engine-events.jsonl'),
  log: (dir: string, component: string) => join(dir, 'logs', `${component}.log`),
} as const;

/** Opens a file of the folder for appending and makes the folders above it. */
export function appendTo(path: string): AppendFile {
  mkdirSync(dirname(path), { recursive: true });
  return new AppendFile(path);
}

export function writeScenario(dir: string, facts: ScenarioFacts): void {
  writeJson(paths.scenario(dir), facts);
}

export function writeEnvironment(dir: string, facts: EnvironmentFacts): void {
  writeJson(paths.environment(dir), facts);
}

export function writeOrdering(dir: string, facts: OrderingFacts): void {
  writeJson(paths.ordering(dir), facts);
}

export function writeSavedLogs(dir: string, logs: SavedLogs): void {
  writeJson(paths.savedLogs(dir), logs);
}

/** Readers see the old file or the new one, never half of one. */
function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Opens a folder for the audit. Only `scenario.json` is read at once; the rest is streamed when a check asks.
 *
 * @throws {Error} when `scenario.json` is absent, not JSON, or of another schema.
 */
export function openEvidence(dir: string): Recording {
  const scenario = readScenario(dir);
  const channels = names(join(dir, 'blocks')).sort();
  const sources = (kind: string, channel: string, suffix: string) =>
    files(join(dir, kind, channel), suffix);
  return {
    scenario,
    history: again(() => readHistory(paths.history(dir))),
    channels: channels.length > 0 ? channels : Object.keys(scenario.channels),
    blocks: (channel) =>
      sources('blocks', channel, '.blocks').map((source) => ({
        source,
        blocks: again(() => readBlocks(paths.blocks(dir, channel, source))),
      })),
    state: (channel) =>
      sources('state', channel, '.jsonl').map((peer) => ({
        peer,
        entries: again(() => readJsonLines<StateEntry>(paths.state(dir, channel, peer))),
      })),
    events: (channel) =>
      sources('events', channel, '.jsonl').map((peer) => ({
        peer,
        events: again(() => readJsonLines<BlockEvent>(paths.events(dir, channel, peer))),
      })),
    chaincodeEvents: (channel) => {
      const parse = parseOnce<ChaincodeEventTold>();
      const told = (path: string): Iterable<ChaincodeEventTold> =>
        existsSync(path) ? again(() => readJsonLines(path, parse)) : [];
      const heard = sources('chaincode-events', channel, '.jsonl');
      const replayed = sources('replayed-events', channel, '.jsonl');
      return [...new Set([...heard, ...replayed])].sort().map((peer) => ({
        peer,
        heard: told(paths.chaincodeEvents(dir, channel, peer)),
        replayed: told(paths.replayedEvents(dir, channel, peer)),
      }));
    },
    answers: (channel) =>
      sources('answers', channel, '.jsonl').map((peer) => ({
        peer,
        answers: again(() => readJsonLines<PeerAnswer>(paths.answers(dir, channel, peer))),
      })),
    environment: readJson<EnvironmentFacts>(paths.environment(dir)),
    ordering: readJson<OrderingFacts>(paths.ordering(dir)),
    orderingLog: (channel) => {
      const path = paths.orderingLog(dir, channel);
      return existsSync(path) ? again(() => readJsonLines<OrderingRecord>(path)) : null;
    },
    logs: files(join(dir, 'logs'), '.log').map((component) => ({
      component,
      lines: again(() => readLines(paths.log(dir, component))),
      size: statSync(paths.log(dir, component)).size,
    })),
    savedLogs: readJson<SavedLogs>(paths.savedLogs(dir)),
    engineEvents: again(() => readJsonLines<EngineEvent>(paths.engineEvents(dir))),
  };
}

/** Audits a saved folder: the same checks on the same evidence give the same verdict as during the run. */
export function auditEvidence(dir: string): AuditResult {
  return audit(openEvidence(dir));
}

/** @throws Error when `scenario.json` is absent, not JSON, or of another schema */
export function readScenario(dir: string): ScenarioFacts {
  const path = paths.scenario(dir);
  const facts = readJson<ScenarioFacts>(path);
  if (!facts) throw new Error(`${path}: no such file; expected the folder of a scenario`);
  if (facts.schema !== 2) throw new Error(`${path}: schema is ${facts.schema}, expected 2`);
  return facts;
}

function readJson<T>(path: string): T | null {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

function names(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}

function files(dir: string, suffix: string): string[] {
  return names(dir)
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .sort();
}

/** Lines of which the same one is to be expected from every peer at about the same time. */
const REMEMBERED = 4_096;

/** Parses a line once that several files have. */
function parseOnce<T>(): (line: string) => T {
  const known = new Map<string, T>();
  return (line) => {
    const found = known.get(line);
    if (found !== undefined) return found;
    const parsed = JSON.parse(line) as T;
    if (known.size === REMEMBERED) known.clear();
    known.set(line, parsed);
    return parsed;
  };
}

/** An iterable that starts anew each time. */
function again<T>(generate: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: generate };
}
