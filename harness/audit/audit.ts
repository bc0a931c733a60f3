import { indexHistory, ofChannel, type RecordedHistory } from '../workload/history-index.ts';
import type { ChannelCheck, ChannelChecker, ChannelContext, Check } from './checker.ts';
import { invariantChecks } from './checks/invariants.ts';
import { EventFeed } from './event-feed.ts';
import { type CheckDefinition, Findings } from './findings.ts';
import { lockstep, type SourceProblem } from './lockstep.ts';
import type { AuditResult, CheckResult, Verdict } from './model.ts';
import type { BlockSource, ChannelFacts, Recording } from './recording.ts';
import { CHECKS } from './registry.ts';
import { Replay } from './replay.ts';
import { TransactionIndex } from './transaction-index.ts';
import { Validation } from './validation/validation.ts';

/**
 * Runs all checks over a recording. The blocks of each channel are walked once, all sources in step; every check sees
 * each height once, so time is linear in the size of the recording and memory in the number of transactions and keys.
 *
 * @param checks - all of the registry and the author's own, or those of interest
 */
export function audit(
  recording: Recording,
  checks: readonly Check[] = [...CHECKS, ...invariantChecks(recording.scenario)],
): AuditResult {
  const history = indexHistory(recording.history);
  const perChannel = recording.channels.map((channel) =>
    auditChannel(channel, recording, history, checks),
  );
  const results = checks.map((check) => {
    if (check.scope === 'run') return check.run(recording, history);
    const ofChannels = perChannel.map((byId) => byId.get(check.definition.id) as CheckResult);
    return ofChannels.length > 0
      ? merge(ofChannels)
      : undecided(check.definition, 'no channel was recorded');
  });
  return {
    verdict: overall(results),
    checks: results,
    channels: recording.channels,
  };
}

function auditChannel(
  channel: string,
  recording: Recording,
  whole: RecordedHistory,
  checks: readonly Check[],
): ReadonlyMap<string, CheckResult> {
  const facts: ChannelFacts = recording.scenario.channels[channel] ?? {
    peers: [],
    orderers: [],
    startHeight: 0,
  };
  const sources = inOrderOfPreference(recording.blocks(channel), facts);
  const problems: SourceProblem[] = [];
  const replay = new Replay();
  const transactions = new TransactionIndex();
  const events = new EventFeed(recording.events(channel));
  using validation = new Validation(channel, facts, replay, transactions);
  const context: ChannelContext = {
    channel,
    scenario: recording.scenario,
    facts,
    history: ofChannel(whole, channel),
    recording,
    sources: sources.map(({ source }) => source),
    replay,
    transactions,
    events,
    validation,
    problems,
  };
  const validates = checks.some((check) => check.scope === 'channel' && check.validates);
  const checkers = checks
    .filter((check): check is ChannelCheck => check.scope === 'channel')
    .map((check) => ({ definition: check.definition, checker: check.create(context) }));
  let seen = false;
  for (const height of lockstep(sources, problems, facts.from)) {
    seen = true;
    transactions.add(height.reference);
    if (validates) validation.examine(height);
    const applied = replay.apply(height.reference);
    if (validates) validation.applied(applied);
    const announced = events.upTo(height.number);
    for (const { checker } of checkers) checker.height?.(height, applied, announced);
  }
  // An interrupted run may end before any block was collected; nothing can be said to be missing then.
  const result = (definition: CheckDefinition, checker: ChannelChecker) => {
    const found = checker.finish();
    if (seen || found.verdict !== 'invalid') return found;
    return undecided(definition, 'no block of any peer or orderer was recorded');
  };
  return new Map(
    checkers.map(({ definition, checker }) => [definition.id, result(definition, checker)]),
  );
}

/** Peers first: only they hold codes and commit hashes. Otherwise by name, so that the same run gives the same words. */
function inOrderOfPreference(
  sources: readonly BlockSource[],
  facts: ChannelFacts,
): readonly BlockSource[] {
  const rank = ({ source }: BlockSource): number => (facts.peers.includes(source) ? 0 : 1);
  return sources.toSorted((a, b) => rank(a) - rank(b) || (a.source < b.source ? -1 : 1));
}

const SEVERITY: Readonly<Record<Verdict, number>> = { valid: 0, unknown: 1, invalid: 2 };

/** One result for several channels: the worst verdict, all evidence, summed counts. */
function merge(results: readonly CheckResult[]): CheckResult {
  const relevant = results.filter(({ applicable }) => applicable !== false);
  const [worst] = (relevant.length > 0 ? relevant : results).toSorted(
    (a, b) => SEVERITY[b.verdict] - SEVERITY[a.verdict],
  );
  if (!worst || results.length === 1) return results[0] as CheckResult;
  const counts: Record<string, number> = {};
  for (const result of results) {
    for (const [name, amount] of Object.entries(result.counts)) {
      counts[name] = (counts[name] ?? 0) + amount;
    }
  }
  return { ...worst, evidence: results.flatMap(({ evidence }) => evidence).slice(0, 5), counts };
}

function undecided(definition: CheckDefinition, reason: string): CheckResult {
  const findings = new Findings(definition);
  findings.unknown(reason);
  return findings.result();
}

/** Invalid if anything is invalid; unknown if anything that applies is unknown; else valid. */
export function overall(checks: readonly CheckResult[]): Verdict {
  const verdicts = checks
    .filter(({ applicable }) => applicable !== false)
    .map(({ verdict }) => verdict);
  if (verdicts.includes('invalid')) return 'invalid';
  return verdicts.includes('unknown') || verdicts.length === 0 ? 'unknown' : 'valid';
}
