import { cell } from './github.ts';
import { duration, percent, statusWord } from './summary.ts';
import type { Series, Survival, Trend } from './trend.ts';

const changes: Readonly<Record<Survival['change'], string>> = {
  new: ' (new)',
  broken: ' (passed the night before)',
  mended: ' (did not pass the night before)',
  same: '',
};

/** A value with its unit. */
export function valueInWords(unit: Series['unit'], value: number | null): string {
  if (value === null) return '–';
  if (unit === 'ms') return duration(value);
  if (unit === 's') return `${value.toFixed(1)} s`;
  if (unit === 'share') return percent(value);
  if (unit === 'open') return value === 0 ? 'valid' : `${value} not valid`;
  const rounded = String(Number(value.toPrecision(3)));
  return unit === '' ? rounded : `${rounded}/s`;
}

/** Names of series as readers know them: `recovery of crash an orderer (article)`. */
export function seriesInWords({ measure, subject, topology }: Series): string {
  const of =
    measure === 'bench' ? `bench ${subject}` : [measure, subject].filter(Boolean).join(' of ');
  return topology ? `${of} (${topology})` : of;
}

/** Which of a night's numbers is worse by a factor of two, one line each. */
export function flagged({ series }: Trend): string[] {
  return series
    .filter(({ doubled }) => doubled)
    .map((each) => {
      const [before, now] = [
        each.values.findLast((v, i, all) => v !== null && i < all.length - 1),
        each.values.at(-1),
      ];
      const words = (value: number | null | undefined) => valueInWords(each.unit, value ?? null);
      return `${seriesInWords(each)}: ${words(before)} → ${words(now)}`;
    });
}

/** What became different since the night before, one line each. */
export function changed({ survival, gone }: Trend): string[] {
  return [
    ...survival
      .filter(({ change }) => change !== 'same')
      .map((s) => `${s.scenario} (${s.topology}): ${survived(s)}${changes[s.change]}`),
    ...gone.map((each) => `${each}: did not run`),
  ];
}

function survived({ passed, of, others }: Survival): string {
  const rest = [...new Set(others)].map(statusWord).join(', ');
  return `${passed} of ${of} passed${rest ? `, ${rest}` : ''}`;
}

/** The trend as Markdown: survival by scenario and placement, what is worse, what is different, and the numbers. */
export function trendMarkdown(trend: Trend): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const topologies = [...new Set(trend.survival.map(({ topology }) => topology))];
  const scenarios = [...new Set(trend.survival.map(({ scenario }) => scenario))];
  const mark = (scenario: string, topology: string) => {
    const found = trend.survival.find((s) => s.scenario === scenario && s.topology === topology);
    if (!found) return '–';
    const sign = found.passed === found.of ? '✅' : found.passed > 0 ? '⚠️' : '❌';
    return `${sign} ${survived(found)}`;
  };
  const list = (title: string, lines: readonly string[]) =>
    lines.length > 0 ? [`### ${title}`, '', ...lines.map((line) => `- ${cell(line)}`), ''] : [];
  const followed = trend.series.filter(({ values }) => values.at(-1) !== null);
  return [
    `## Survival, ${cell(trend.nights.at(-1) ?? 'no night')}`,
    '',
    row(['Scenario', ...topologies.map(cell)]),
    row(['---', ...topologies.map(() => '---')]),
    ...scenarios.map((name) => row([cell(name), ...topologies.map((each) => mark(name, each))])),
    '',
    ...list('Twice as bad as the night before', flagged(trend)),
    ...list('Different from the night before', trend.nights.length > 1 ? changed(trend) : []),
    `<details><summary>${followed.length} numbers of ${trend.nights.length} nights</summary>`,
    '',
    row(['', ...trend.nights.map(cell)]),
    row(['---', ...trend.nights.map(() => '---:')]),
    ...followed.map((each) =>
      row([
        cell(seriesInWords(each)),
        ...each.values.map((value) => valueInWords(each.unit, value)),
      ]),
    ),
    '',
    '</details>',
    '',
  ].join('\n');
}
