import { VALID } from '../../fabric/ledger/codes.ts';
import type { Transaction } from '../../fabric/ledger/model.ts';
import { isLoad } from '../../workload/statistics/operations.ts';
import type { ChannelCheck, ChannelContext } from '../checker.ts';
import { type CheckDefinition, Findings } from '../findings.ts';
import {
  type Broken,
  type Invariant,
  type InvariantRead,
  type InvariantState,
  readBack,
  type SavedInvariant,
} from '../invariant.ts';
import type { Evidence } from '../model.ts';
import type { ScenarioFacts } from '../recording.ts';
import type { Change } from '../replay.ts';
import { type Windowed, Windows } from '../windows.ts';
import { settle } from './transactions.ts';

/** What a rule is asked about, and what it answers, before any value is read. */
export interface Rule {
  /** Each VALID transaction that changed keys of the chaincode. */
  transaction?(transaction: Transaction, changes: readonly Change[], block: number): Evidence[];
  /** Each height at which a key of the chaincode has changed. */
  height?(number: number): Evidence[];
  /** Each height that the chain has come to. */
  reached?(height: number): void;
  /** It asks for nothing that depends on a change having been seen. */
  readonly needsNoChanges?: boolean;
  finish?(findings: Findings): void;
}

/**
 * Holds the replayed state against a rule, transaction by transaction and height by height: the built-in invariant of
 * the bank and an author's own run through here.
 *
 * @param changes what changes are called where they are counted
 * @param create gives the rule, or the reason why it has nothing to say about the scenario
 */
export function ruleCheck(
  definition: CheckDefinition,
  changes: string,
  create: (context: ChannelContext) => Rule | string,
): ChannelCheck {
  return {
    definition,
    scope: 'channel',
    create(context) {
      const { chaincode } = context.scenario;
      const findings = new Findings(definition);
      const rule = create(context);
      return {
        height({ number }, { transactions }) {
          if (typeof rule === 'string') return; // its values are not ours to read
          findings.count('heights');
          let changed = false;
          for (const { transaction, changes: all } of transactions) {
            const here = all.filter(({ namespace }) => namespace === chaincode);
            if (here.length === 0) continue;
            changed = true;
            findings.count(changes, here.length);
            const broken = rule.transaction?.(transaction, here, number) ?? [];
            for (const evidence of broken) findings.violation(evidence);
          }
          if (changed) {
            for (const evidence of rule.height?.(number) ?? []) findings.violation(evidence);
          }
          rule.reached?.(number + 1);
        },
        finish() {
          if (typeof rule !== 'string') rule.finish?.(findings);
          if (typeof rule === 'string' || !rule.needsNoChanges) findings.floor(changes, 1);
          if (typeof rule === 'string') findings.notApplicable(rule);
          return findings.result();
        },
      };
    },
  };
}

/** A check for each invariant of the scenario's author. */
export function invariantChecks({ invariants = [] }: ScenarioFacts): ChannelCheck[] {
  return invariants.map((saved, index) => invariantCheck(`A${index + 1}`, saved));
}

const utf8 = (value: string): string => Buffer.from(value, 'latin1').toString('utf8');
const text = (value: string | null): string | null => (value === null ? null : utf8(value));

function invariantCheck(id: string, saved: SavedInvariant): ChannelCheck {
  const { name, guarantee } = saved;
  return ruleCheck({ id, name, guarantee }, 'changes', (context) => {
    const asked = new Asked(saved);
    const { facts, history, scenario } = context;
    const state = stateOf(context, scenario.chaincode);
    const reads = saved.read === undefined ? undefined : new ReadsInQuestion(context, asked);
    return {
      ...(reads && { reached: (height: number) => reads.at(height) }),
      needsNoChanges: !(saved.transaction ?? saved.height ?? saved.operation),
      transaction(transaction, changes, block) {
        if (transaction.code !== VALID) return [];
        const [called = '', ...args] = transaction.args;
        const intent = history.byTransaction.get(transaction.id)?.invoke.intent;
        const broken = asked.of(({ transaction: ask, parameters }) =>
          ask?.(
            {
              ...{ id: transaction.id, block, function: called, args },
              setUp: block < facts.startHeight || intent === 'set-up',
              changes: changes.map(({ key, before, after }) => ({
                ...{ key, before: text(before), after: text(after) },
              })),
            },
            state,
            parameters,
          ),
        );
        return broken.map(({ message, key }) => ({
          ...{ block, transactionId: transaction.id },
          ...(key === undefined ? {} : { key }),
          message: `${[called, ...args].join(' ').slice(0, 120)} in block ${block}: ${message}`,
        }));
      },
      height(number) {
        const broken = asked.of(({ height: ask, parameters }) => ask?.(state, number, parameters));
        return broken.map(({ message, key }) => ({
          block: number,
          ...(key === undefined ? {} : { key }),
          message: `at block ${number}: ${message}`,
        }));
      },
      finish(findings) {
        for (const operation of history.operations.filter((one) => isOfLoad(one, scenario))) {
          const { invoke, complete } = operation;
          const broken = asked.of(({ operation: ask, parameters }) =>
            ask?.(
              {
                ...{ operation: invoke.operation, kind: invoke.kind, function: invoke.function },
                args: invoke.args,
                outcome: complete?.outcome ?? 'unknown',
                refused: complete?.refused === true,
                result: complete?.result,
                committed: settle(operation, context) === 'committed',
              },
              state,
              parameters,
            ),
          );
          for (const { message, key } of broken) {
            findings.violation({
              operation: invoke.operation,
              ...(invoke.transactionId === undefined
                ? {}
                : { transactionId: invoke.transactionId }),
              ...(key === undefined ? {} : { key }),
              message: `operation ${invoke.operation}, ${[invoke.function, ...invoke.args].join(' ').slice(0, 120)}: ${message}`,
            });
          }
        }
        reads?.finish(findings);
        if (asked.failure !== undefined) findings.unknown(asked.failure);
      },
    };
  });
}

const isOfLoad = (
  operation: Parameters<typeof isLoad>[0],
  { chaincode }: ScenarioFacts,
): boolean => {
  const { chaincode: called, kind } = operation.invoke;
  return called === chaincode && (kind === 'evaluate' || isLoad(operation));
};

/** A read that no height has justified yet. */
interface ReadInQuestion extends Windowed {
  readonly read: InvariantRead;
  readonly state: InvariantState;
  /** What was wrong at the first height at which it was asked. */
  wrong?: { readonly message: string; readonly key?: string };
  holds: boolean;
}

/** Every read of a channel that was answered, held against the state at each height that its peer may have had. */
class ReadsInQuestion {
  readonly #asked: Asked;
  readonly #elsewhere: boolean;
  readonly #reads: readonly ReadInQuestion[];
  readonly #windows: Windows<ReadInQuestion>;

  constructor(context: ChannelContext, asked: Asked) {
    this.#asked = asked;
    const { facts, history } = context;
    // Further channels of a scenario need not be read from.
    this.#elsewhere = facts.leastOperations !== undefined;
    this.#reads = history.operations.flatMap(({ invoke, complete }) => {
      const { kind, operation, chaincode, function: called, args, peers } = invoke;
      if (kind !== 'evaluate' || complete?.outcome !== 'ok' || complete.result === undefined) {
        return [];
      }
      const { result, heightBefore = 0, heightAfter = Number.POSITIVE_INFINITY } = complete;
      const read = { operation, chaincode, function: called, args, result, peer: peers[0] };
      const state = stateOf(context, chaincode);
      return [{ read, state, holds: false, from: heightBefore, to: heightAfter }];
    });
    this.#windows = new Windows(this.#reads);
  }

  at(height: number): void {
    for (const one of this.#windows.at(height)) {
      if (one.holds) continue;
      const [wrong] = this.#asked.of(({ read: ask, parameters }) =>
        ask?.(one.read, one.state, parameters),
      );
      if (wrong) one.wrong ??= wrong;
      else one.holds = true;
    }
  }

  finish(findings: Findings): void {
    findings.count('reads', this.#reads.length);
    if (this.#elsewhere && this.#reads.length === 0)
      findings.notApplicable('nothing was read here');
    else findings.floor('reads', 1);
    for (const { read, wrong, holds, from, to } of this.#reads) {
      if (holds) continue;
      const { operation, function: called, args, peer } = read;
      const what = `${[called, ...args].join(' ').slice(0, 120)}${peer === undefined ? '' : ` on ${peer}`}`;
      if (!wrong) {
        findings.unknown(
          `${what}: was read at heights ${from} to ${to}, the chain has none of them`,
        );
        continue;
      }
      findings.violation({
        operation,
        ...(peer === undefined ? {} : { sources: [peer] }),
        ...(wrong.key === undefined ? {} : { key: wrong.key }),
        message: `operation ${operation}, ${what}: ${wrong.message}`,
      });
    }
  }
}

/** An invariant that is asked until it throws; what it would have said after that nobody knows. */
class Asked {
  failure: string | undefined;
  readonly #invariant: Invariant | undefined;

  constructor(saved: SavedInvariant) {
    try {
      this.#invariant = readBack(saved);
    } catch (error) {
      this.failure = (error as Error).message;
    }
  }

  of(ask: (invariant: Invariant) => Broken): { message: string; key?: string }[] {
    if (this.#invariant === undefined || this.failure !== undefined) return [];
    try {
      const broken = ask(this.#invariant);
      if (broken === undefined) return [];
      return [typeof broken === 'string' ? { message: broken } : broken];
    } catch (error) {
      const { name } = this.#invariant;
      // Thrown in another context, where Error is another one.
      const why = String((error as { message?: unknown } | null)?.message ?? error);
      this.failure = `invariant ${name} threw: ${why} (it may use its arguments and parameters, and no variable from outside)`;
      return [];
    }
  }
}

function stateOf({ replay }: ChannelContext, chaincode: string): InvariantState {
  return {
    get: (key) => {
      const value = replay.get(chaincode, key)?.value;
      return value === undefined ? undefined : utf8(value);
    },
    *entries() {
      for (const [key, { value }] of replay.entries(chaincode)) yield [key, utf8(value)] as const;
    },
  };
}
