import type { LoadResult, PhaseCounts } from '../model.ts';

/** Load as clients under a fault see it, by arithmetic from a fixed seed. */

/** Mulberry32: small and repeatable, which is all that is asked here. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const NONE: PhaseCounts = { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 };

const added = (one: PhaseCounts, other: PhaseCounts): PhaseCounts => ({
  ok: one.ok + other.ok,
  refused: one.refused + other.refused,
  refusedUnexpectedly: one.refusedUnexpectedly + other.refusedUnexpectedly,
  fail: one.fail + other.fail,
  unknown: one.unknown + other.unknown,
});

export interface Shape {
  readonly from: number;
  readonly seconds: number;
  readonly rate: number;
  /** Seconds since `from`; what the clients lived through. */
  readonly trouble?: readonly {
    readonly from: number;
    readonly to: number;
    readonly slowdown: number;
    readonly refused: number;
    readonly lost: number;
  }[];
  /** Seconds since `from` in which a fault was in force, one by one. */
  readonly outages?: readonly { readonly from: number; readonly to: number }[];
  readonly seed: number;
}

export function load(shape: Shape): LoadResult {
  const next = random(shape.seed);
  const series: LoadResult['series'][number][] = [];
  const blocks: LoadResult['blocks'][number][] = [];
  let number = 4;
  for (let second = 0; second < shape.seconds; second++) {
    const at = shape.from + second * 1000;
    const trouble = shape.trouble?.find(({ from, to }) => second >= from && second < to);
    const asked = Math.round(shape.rate * (0.85 + next() * 0.3));
    const fail = Math.round(asked * (trouble?.refused ?? 0));
    const unknown = Math.round(asked * (trouble?.lost ?? 0));
    const ok = Math.max(0, Math.round((asked - fail - unknown) / (trouble?.slowdown ?? 1)));
    const p50 = Math.round((180 + next() * 60) * (trouble?.slowdown ?? 1));
    series.push({
      at,
      ok,
      fail,
      unknown,
      p50: ok ? p50 : null,
      p95: ok ? Math.round(p50 * (1.8 + next() * 0.4)) : null,
      p99: ok ? Math.round(p50 * (2.6 + next() * 1.5)) : null,
    });
    for (let left = ok, part = 0; left > 0; left -= 10, part++) {
      blocks.push({ at: at + part * 170, number: number++, transactions: Math.min(10, left) });
    }
  }
  const sum = (from: number, to: number): PhaseCounts =>
    series
      .slice(from, to)
      .map(({ ok, fail, unknown }) => ({ ...NONE, ok, fail, unknown }))
      .reduce(added, NONE);
  const none = sum(0, 0);
  const troubles = shape.outages ?? [];
  const outages = troubles.map(({ from, to }, index) => {
    const end = troubles[index + 1]?.from ?? shape.seconds;
    const recovered = Math.min(end, to + 1);
    return {
      ...{ faults: [index + 1], from: shape.from + from * 1000, to: shape.from + to * 1000 },
      ...{ during: sum(from, to), recovering: sum(to, recovered), after: sum(recovered, end) },
      ...{ backlogDrain: Math.round(800 + next() * 2000), backlogBudget: index ? null : 5000 },
    };
  });
  const total = (phase: 'during' | 'recovering' | 'after') =>
    outages.reduce((all, outage) => added(all, outage[phase]), none);
  return {
    before: sum(0, troubles[0]?.from ?? shape.seconds),
    during: total('during'),
    recovering: total('recovering'),
    after: total('after'),
    outages,
    backlogDrain: outages.length ? Math.max(...outages.map((o) => o.backlogDrain)) : null,
    series,
    blocks,
  };
}
