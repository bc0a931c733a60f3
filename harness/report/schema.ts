import * as z from 'zod';
import type { RunResult } from './model.ts';

/**
 * The result model as a schema: it guards what is read back from a `results.json`, and `results.schema.json` is
 * generated from it (`node harness/report/schema-file.ts`). The compiler holds it equal to `model.ts`, see the end.
 */

const milliseconds = (text: string) => z.number().describe(`${text}, in milliseconds`);
const count = z.int().min(0);
const text = z.string();
const list = <T extends z.ZodType>(item: T) => z.array(item);

const verdict = z.enum(['valid', 'invalid', 'unknown']);

const evidence = z
  .strictObject({
    message: text.describe('One sentence: what was expected, what was seen'),
    channel: z.exactOptional(text),
    block: z.exactOptional(z.number()),
    transactionId: z.exactOptional(text),
    operation: z.exactOptional(z.number()),
    key: z.exactOptional(text),
    sources: z.exactOptional(list(text)).describe('The copies that differ'),
    expectation: z.exactOptional(text).describe('Name of the expectation that this is the miss of'),
  })
  .describe('The smallest thing that shows what is wrong');

const expectation = z.strictObject({
  id: text.describe('Of the check that judged it'),
  name: text,
  met: z.boolean(),
  expected: text,
  seen: text,
});

const check = z.strictObject({
  id: text.describe('Number in the invariant catalogue, e.g. F4'),
  name: text,
  guarantee: text,
  verdict: verdict.describe('unknown: saw too little to decide, and that is not a pass'),
  reason: z.exactOptional(text).describe('Why unknown'),
  applicable: z
    .exactOptional(z.boolean())
    .describe('false: has nothing to say about this run; the verdict is ignored'),
  notes: z
    .exactOptional(list(text))
    .describe('What somebody should know although nothing is wrong yet'),
  evidence: list(evidence),
  counts: z.record(z.string(), z.number()),
  expectations: z
    .exactOptional(list(expectation))
    .describe("What the scenario's author expects and this check judges"),
});

const audit = z.strictObject({
  verdict,
  checks: list(check),
  channels: list(text),
});

const fault = z.strictObject({
  kind: text,
  role: text.describe('Who was asked for'),
  targets: list(text).describe('Who that was at injection'),
  machine: z.exactOptional(z.int()),
  injectedAt: milliseconds('Since the run started'),
  verifiedAt: z.exactOptional(milliseconds('When its effect was measured, since the run started')),
  healedAt: milliseconds('Since the run started; null if it was never healed').nullable(),
  healVerifiedAt: z.exactOptional(
    milliseconds('When the absence of its effect was measured, since the run started'),
  ),
  confirmation: z.enum(['confirmed', 'not-confirmed', 'inconclusive']),
  evidence: text,
});

const phase = z.strictObject({
  ok: count,
  refused: count.describe('By the chaincode, as announced'),
  refusedUnexpectedly: count.describe('By the chaincode, and nothing had announced it'),
  fail: count.describe('By the network, or committed as invalid'),
  unknown: count,
});
const quantile = z.number().nullable();

const faultNumbers = list(z.int().min(1)).describe(
  'Faults by number, from 1 in the order of faults; several if they overlapped',
);

const outage = z.strictObject({
  faults: faultNumbers,
  from: milliseconds('First injection, since the run started'),
  to: milliseconds(
    'Last order to heal, since the run started; null if it was never healed',
  ).nullable(),
  during: phase,
  recovering: phase,
  after: phase,
  backlogDrain: milliseconds(
    'From heal until nothing was pending that was then; null if that never came',
  ).nullable(),
  backlogBudget: milliseconds('What the scenario allows for it, if it does').nullable(),
});

const load = z.strictObject({
  before: phase.describe('Operations that ended before the first fault'),
  during: phase.describe('Operations that were under way while a fault was in force'),
  recovering: phase.describe('Operations that began before a recovery was over'),
  after: phase.describe('Operations that began after a recovery, and touched no later fault'),
  outages: list(outage).describe('One for each fault, or for those that overlapped'),
  backlogDrain: milliseconds('The longest of all outages').nullable(),
  series: list(
    z.strictObject({
      at: milliseconds('Since the run started'),
      ok: count,
      fail: count.describe('Refused or failed'),
      unknown: count,
      p50: quantile,
      p95: quantile,
      p99: quantile,
    }),
  ).describe('One bucket a second; latency quantiles in milliseconds of operations that were ok'),
  blocks: list(
    z.strictObject({
      at: milliseconds('Since the run started'),
      number: count,
      transactions: count,
    }),
  ),
});

const scenario = z.strictObject({
  name: text,
  folder: text.describe('Below the run folder: history, blocks, state, logs'),
  file: text.describe('Source file, absolute'),
  line: z.int(),
  suite: text,
  status: z.enum(['passed', 'failed', 'flaky', 'interrupted', 'timed-out', 'not-run']),
  channel: text,
  startedAt: milliseconds('Since the run started'),
  duration: milliseconds('Until its evidence was complete'),
  faults: list(fault),
  expectations: list(expectation),
  audit: audit.nullable(),
  recovery: list(
    z.strictObject({
      faults: faultNumbers,
      healedAt: milliseconds('The heal that is measured from, since the run started'),
      orderer: text,
      firstCommit: milliseconds(
        'From heal to the first VALID commit through this orderer; null if not within the budget',
      ).nullable(),
      budget: milliseconds('What the scenario allows'),
    }),
  ),
  client: z.exactOptional(
    text.describe(
      'What the clients of the load were made with: harness, or a client as others make it',
    ),
  ),
  load,
  problems: list(text).describe('One line each; the first is the headline'),
  excerpts: list(
    z.strictObject({
      component: text,
      lines: list(text),
      file: z.exactOptional(text),
      anomaly: z.exactOptional(z.int()),
    }),
  ),
  states: z.exactOptional(
    list(
      z.strictObject({
        component: text,
        at: milliseconds('Since the run started'),
        state: z.enum(['up', 'down', 'frozen', 'isolated', 'degraded', 'recovering']),
      }),
    ),
  ),
});

const network = z.strictObject({
  name: text,
  topology: text,
  machines: list(z.strictObject({ number: z.int(), components: list(text) })),
  steps: list(z.strictObject({ step: text, seconds: z.number() })),
  start: z
    .exactOptional(z.number())
    .describe(
      'Seconds from the start of the bring-up to the first committed transfer, images apart',
    ),
});

export const runSchema = z
  .strictObject({
    schema: z.literal(2),
    id: text.describe('Time and a random suffix'),
    startedAt: text.describe('ISO 8601'),
    endedAt: text.nullable().describe('ISO 8601; null if the run did not come to its end'),
    seed: z.number(),
    state: z
      .enum(['running', 'completed', 'interrupted', 'failed'])
      .describe('running in a file means that the process was killed'),
    settings: z
      .record(z.string(), text)
      .describe(
        'Non-secret; as given: topology, and where given scenarios (files, one a line), chaincode and what goes with it, e.g. chaincodeName',
      ),
    versions: z.record(z.string(), text).describe('Component kinds and what served them'),
    network,
    scenarios: list(scenario),
    problems: list(text).describe('Failures outside any scenario'),
  })
  .meta({ title: 'Result of a run of the harness' });

/** The published schema, as JSON Schema draft 2020-12. */
export function resultsJsonSchema(): object {
  return z.toJSONSchema(runSchema, { io: 'output' });
}

/**
 * Reads a `results.json` back.
 *
 * @param json the file's text
 * @param source its path, for the message
 * @throws Error naming the file, the key and what was expected, if it is not a result of this version
 */
export function parseResults(json: string, source: string): RunResult {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error(`${source}: expected a run's results as JSON, but ${(error as Error).message}`);
  }
  const result = runSchema.safeParse(value);
  if (!result.success) {
    throw new Error(
      `${source}: not a run's results (schema 2, harness/report/results.schema.json):\n${z.prettifyError(result.error)}`,
    );
  }
  return result.data;
}

/** Model and schema are one: these fail to compile as soon as a key, a type or optionality differs. */
type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
true satisfies Same<ReadonlyDeep<z.output<typeof runSchema>>, ReadonlyDeep<RunResult>>;
