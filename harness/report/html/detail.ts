import type { LoadResult, RunResult } from '../model.ts';

/** How much is shown of what may be long, so that a night of many scenarios still is one small file. */
export interface Detail {
  /** Buckets of a chart. */
  readonly buckets: number;
  /** Lines of all log excerpts of a scenario together. */
  readonly lines: number;
}

/** The more scenarios, the less of each; the complete records are linked. */
export function detailOf(run: RunResult): Detail {
  const part = (whole: number, least: number, most: number) =>
    Math.max(least, Math.min(most, Math.floor(whole / Math.max(1, run.scenarios.length))));
  return { buckets: part(16_000, 120, 900), lines: part(3000, 20, 300) };
}

/** Joins neighbours: counts become rates a second, quantiles the worst of the joined. */
export function thin(series: LoadResult['series'], most: number): LoadResult['series'] {
  const factor = Math.ceil(series.length / most);
  if (factor <= 1) return series;
  const joined: LoadResult['series'][number][] = [];
  for (let start = 0; start < series.length; start += factor) {
    const part = series.slice(start, start + factor);
    const mean = (value: (bucket: LoadResult['series'][number]) => number) =>
      part.reduce((sum, bucket) => sum + value(bucket), 0) / part.length;
    const worst = (value: (bucket: LoadResult['series'][number]) => number | null) =>
      part.reduce<number | null>((most, bucket) => {
        const own = value(bucket);
        return own === null ? most : Math.max(most ?? own, own);
      }, null);
    joined.push({
      at: part[0]?.at ?? 0,
      ok: mean(({ ok }) => ok),
      fail: mean(({ fail }) => fail),
      unknown: mean(({ unknown }) => unknown),
      p50: worst(({ p50 }) => p50),
      p95: worst(({ p95 }) => p95),
      p99: worst(({ p99 }) => p99),
    });
  }
  return joined;
}
