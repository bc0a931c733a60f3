import { runInNewContext } from 'node:vm';

/**
 * An author's own invariant: functions of what the chain holds, and of nothing else. They are saved as text with the
 * evidence and run from there, live and later alike, so each must stand by itself: it may use its arguments and the
 * language, no variable from outside. What it needs besides goes into `parameters`, as JSON.
 */
export interface Invariant<P = unknown> {
  /** As the report shows it, e.g. `conserved(amount)`. */
  readonly name: string;
  /** In words that a reader can quote. */
  readonly guarantee: string;
  readonly parameters?: P;
  /** Asked of each VALID transaction of the chaincode, in the order of the chain, with the state after its block. */
  readonly transaction?: (
    transaction: InvariantTransaction,
    state: InvariantState,
    parameters: P,
  ) => Broken;
  /** Asked at each height at which a key of the chaincode has changed. */
  readonly height?: (state: InvariantState, number: number, parameters: P) => Broken;
  /** Asked of each operation of the load, with the state at the end. */
  readonly operation?: (
    operation: InvariantOperation,
    state: InvariantState,
    parameters: P,
  ) => Broken;
  /**
   * Asked of each `evaluate` that was answered, with the state at each height that its peer had meanwhile, until it holds
   * at one. The state is that of the chaincode that was asked, on its channel.
   */
  readonly read?: (read: InvariantRead, state: InvariantState, parameters: P) => Broken;
}

/** An invariant with whatever parameters. */
export type AnyInvariant = Omit<Invariant<never>, 'parameters'> & { readonly parameters?: unknown };

/** What is wrong, in one sentence, and the key that it is about; nothing where the invariant holds. */
export type Broken = string | { readonly message: string; readonly key?: string } | undefined;

export interface InvariantTransaction {
  readonly id: string;
  readonly block: number;
  readonly function: string;
  readonly args: readonly string[];
  /** It was sent by the scenario's set-up, or came before the scenario. */
  readonly setUp: boolean;
  /** Values as text; `null`: there was none, or there is none any more. */
  readonly changes: readonly {
    readonly key: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

/** What the chain's replay holds of the chaincode. */
export interface InvariantState {
  get(key: string): string | undefined;
  /** All keys and values, in no order. */
  entries(): Iterable<readonly [string, string]>;
}

export interface InvariantOperation {
  readonly operation: number;
  readonly kind: 'submit' | 'evaluate';
  readonly function: string;
  readonly args: readonly string[];
  /** What the client was told. */
  readonly outcome: 'ok' | 'fail' | 'unknown';
  readonly refused: boolean;
  /** Of an `evaluate`. */
  readonly result: string | undefined;
  /** Whether the chain has it, as VALID. */
  readonly committed: boolean;
}

export interface InvariantRead {
  readonly operation: number;
  readonly chaincode: string;
  readonly function: string;
  readonly args: readonly string[];
  readonly result: string;
  /** Who was asked; absent where the client does not tell. */
  readonly peer: string | undefined;
}

/** An invariant as the evidence holds it: functions as text. */
export interface SavedInvariant {
  readonly name: string;
  readonly guarantee: string;
  readonly parameters?: unknown;
  readonly transaction?: string;
  readonly height?: string;
  readonly operation?: string;
  readonly read?: string;
}

const PARTS = ['transaction', 'height', 'operation', 'read'] as const;

/**
 * Makes an invariant ready to be saved.
 *
 * @throws Error when it asks nothing, or its functions are no functions that can be read back
 */
export function savedInvariant(invariant: AnyInvariant): SavedInvariant {
  const { name, guarantee, parameters } = invariant;
  const texts = PARTS.flatMap((part) => {
    const asked = invariant[part];
    return asked === undefined ? [] : [[part, asked.toString()] as const];
  });
  if (texts.length === 0) {
    throw new Error(`invariant ${name}: expected a function for ${PARTS.join(', ')}, seen none`);
  }
  const saved = {
    ...{ name, guarantee },
    ...(parameters === undefined ? {} : { parameters }),
    ...Object.fromEntries(texts),
  };
  readBack(saved);
  return saved;
}

/**
 * The invariant that was saved. Its functions run in a context of their own that holds the language and nothing else.
 *
 * @throws Error when a text is no function
 */
export function readBack(saved: SavedInvariant): Invariant {
  const { name, guarantee, parameters } = saved;
  const context = {};
  const functions = PARTS.flatMap((part) => {
    const text = saved[part];
    return text === undefined ? [] : [[part, compiled(name, part, text, context)] as const];
  });
  return { name, guarantee, parameters, ...Object.fromEntries(functions) };
}

function compiled(name: string, part: string, text: string, context: object): unknown {
  // A method of an object is written `name(…) {…}`, which is an expression only within one.
  for (const source of [`(${text})`, `Object.values({ ${text} })[0]`]) {
    try {
      const value: unknown = runInNewContext(source, context);
      if (typeof value === 'function') return value;
    } catch {
      // Told below.
    }
  }
  throw new Error(`invariant ${name}: ${part}: expected a function, seen ${text.slice(0, 60)}`);
}

/** What a load's author says of the answers to its reads, as an invariant. */
export const verified = (read: NonNullable<Invariant['read']>): AnyInvariant => ({
  name: 'verify',
  guarantee:
    'Every read was answered as its author says, with the state at a height that its peer had meanwhile.',
  read,
});

interface FieldParameters {
  readonly field: string;
  readonly except: readonly string[];
}

/**
 * The sum of a field over all values stays what set-up has made it, at every height. Values that are no JSON object, or
 * do not have the field, count as nothing.
 *
 * @param field a whole number, or its digits as text
 * @param options `except`: functions of the chaincode that may create or destroy
 */
export const conserved = (
  field: string,
  options: { readonly except?: readonly string[] } = {},
): Invariant<FieldParameters> => ({
  name: `conserved(${field})`,
  guarantee: `At every height the sum of ${field} over all values is what the set-up has made it.`,
  parameters: { field, except: options.except ?? [] },
  transaction: ({ function: called, setUp, changes }, _state, { field: name, except }) => {
    const amount = (text: string | null): bigint | null => {
      let value: unknown;
      try {
        value = text === null ? null : JSON.parse(text);
      } catch {
        return 0n;
      }
      if (typeof value !== 'object' || value === null) return 0n;
      const held = (value as Record<string, unknown>)[name];
      if (held === undefined) return 0n;
      if (typeof held === 'number' && Number.isSafeInteger(held)) return BigInt(held);
      return typeof held === 'string' && /^-?\d+$/.test(held) ? BigInt(held) : null;
    };
    let delta = 0n;
    for (const { key, before, after } of changes) {
      const now = amount(after);
      if (now === null) return { key, message: `left ${name} of ${key} that is no whole number` };
      delta += now - (amount(before) ?? 0n);
    }
    if (delta === 0n || setUp || except.includes(called)) return undefined;
    const [first] = changes;
    return {
      message: `changed the sum of ${name} by ${delta}`,
      ...(first ? { key: first.key } : {}),
    };
  },
});

/** A field of no value is ever below zero. */
export const neverNegative = (field: string): Invariant<{ readonly field: string }> => ({
  name: `neverNegative(${field})`,
  guarantee: `At every height ${field} is zero or more in every value that has it.`,
  parameters: { field },
  transaction: ({ changes }, _state, { field: name }) => {
    for (const { key, after } of changes) {
      let value: unknown;
      try {
        value = after === null ? null : JSON.parse(after);
      } catch {
        continue;
      }
      if (typeof value !== 'object' || value === null) continue;
      const held = Number((value as Record<string, unknown>)[name]);
      if (held < 0) return { key, message: `left ${name} of ${key} at ${held}` };
    }
    return undefined;
  },
});
