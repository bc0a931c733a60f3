// @ts-check
/* global uPlot */
/**
 * Draws throughput and latency with uPlot, on the time axis of the timeline above them. Runs in the reader's browser,
 * so it is plain JavaScript; types are checked through comments (tsconfig.json beside it).
 */
(() => {
  /** Widths that style.css gives to the timeline's gutter and right edge. */
  const gutter = () => (innerWidth < 700 ? 86 : 128);
  const EDGE = 12;

  /** @typedef {{letter: string, from: number, to: number, healed: boolean}} Fault */
  /**
   * @typedef {object} Data
   * @property {number} span
   * @property {number[]} at
   * @property {number[]} ok
   * @property {number[]} fail
   * @property {number[]} unknown
   * @property {(number | null)[]} p50
   * @property {(number | null)[]} p95
   * @property {(number | null)[]} p99
   * @property {Fault[]} faults
   */

  /** @type {Data[]} */
  const scenarios = JSON.parse(document.getElementById('data')?.textContent ?? '[]');

  /** @param {string} name */
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** @param {number} seconds @param {number} span */
  const clock = (seconds, span) =>
    span <= 120
      ? `${seconds} s`
      : `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;

  /** @param {number} ms */
  const latency = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${+(ms / 1000).toFixed(1)} s`);

  /** Shades each fault below the lines: hatched, solid edge where injected, dashed where healed. */
  /** @param {Fault[]} faults */
  const bands = (faults) => ({
    hooks: {
      drawClear: [
        /** @param {any} chart */
        (chart) => {
          const { ctx, bbox } = chart;
          const ratio = devicePixelRatio;
          ctx.save();
          ctx.beginPath();
          ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
          ctx.clip();
          for (const fault of faults) {
            const left = chart.valToPos(fault.from, 'x', true);
            const right = chart.valToPos(fault.to, 'x', true);
            ctx.fillStyle = colour('--band');
            ctx.fillRect(left, bbox.top, right - left, bbox.height);
            ctx.strokeStyle = colour('--band-line');
            ctx.lineWidth = 1.5 * ratio;
            ctx.setLineDash([]);
            line(ctx, left, bbox);
            if (!fault.healed) continue;
            ctx.setLineDash([4 * ratio, 3 * ratio]);
            line(ctx, right, bbox);
          }
          ctx.restore();
        },
      ],
    },
  });

  /** @param {any} ctx @param {number} x @param {{top: number, height: number}} box */
  function line(ctx, x, box) {
    ctx.beginPath();
    ctx.moveTo(x, box.top);
    ctx.lineTo(x, box.top + box.height);
    ctx.stroke();
  }

  /** A line through timeline and charts where the reader points. */
  /** @param {Element} section */
  const cursorLine = (section) => ({
    hooks: {
      setCursor: [
        /** @param {any} chart */
        (chart) => {
          const mark = /** @type {HTMLElement | null} */ (
            section.querySelector('.tl-overlay .cursor')
          );
          if (!mark) return;
          const { left } = chart.cursor;
          const visible = left >= 0;
          mark.style.display = visible ? 'block' : 'none';
          if (visible) mark.style.left = `${(left / chart.over.clientWidth) * 100}%`;
        },
      ],
    },
  });

  /** @param {Data} data @param {number} width @param {string} kind @param {Element} section @param {string} key */
  function options(data, width, kind, section, key) {
    const axis = {
      stroke: colour('--muted'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const throughput = kind === 'throughput';
    const scale = throughput
      ? {
          range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ top) => [
            0,
            Math.max(1, top * 1.08),
          ],
        }
      : { distr: 3, log: 10 };
    /** Counts as they are, also where the line is not drawn; nothing while nobody points. */
    const rate = (
      /** @type {any} */ _,
      /** @type {any} */ __,
      /** @type {number} */ index,
      /** @type {number | null} */ at,
    ) => (at === null ? '' : `${[data.at, data.ok, data.fail, data.unknown][index]?.[at] ?? '–'}`);
    const time = (
      /** @type {any} */ _,
      /** @type {number | null} */ value,
      /** @type {any} */ __,
      /** @type {number | null} */ at,
    ) => (at === null ? '' : value === null ? '–' : latency(value));
    /** @param {string} label @param {string} stroke @param {number[]} dash */
    const series = (label, stroke, dash) => ({
      label,
      stroke: colour(stroke),
      width: 1.75,
      dash,
      points: { show: false },
      spanGaps: false,
      value: throughput ? rate : time,
    });
    return {
      width,
      height: throughput ? 150 : 170,
      padding: [8, EDGE, 0, 0],
      cursor: { sync: { key }, y: false, drag: { x: false, y: false }, points: { size: 6 } },
      legend: { live: true },
      scales: { x: { time: false, range: () => [0, data.span] }, y: scale },
      axes: [
        {
          ...axis,
          size: 26,
          space: 64,
          incrs: [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200],
          values: (/** @type {any} */ _, /** @type {number[]} */ values) =>
            values.map((value) => clock(value, data.span)),
        },
        {
          ...axis,
          size: gutter(),
          gap: 8,
          ...(throughput ? {} : { filter: decades, grid: { ...axis.grid, filter: decades } }),
          values: (/** @type {any} */ _, /** @type {(number | null)[]} */ values) =>
            values.map((value) => (value === null ? '' : throughput ? `${value}` : latency(value))),
        },
      ],
      series: [
        {},
        ...(throughput
          ? [
              series('ok', '--ok', []),
              series('refused or failed', '--fail', [7, 3]),
              series('unknown', '--unknown', [2, 2]),
            ]
          : [
              series('p50', '--p50', []),
              series('p95', '--p95', [7, 3]),
              series('p99', '--p99', [2, 2]),
            ]),
      ],
      plugins: [bands(data.faults), cursorLine(section)],
    };
  }

  /** What is nearly always nought is drawn only where it is not, so that it is seen when it happens. */
  /** @param {number[]} list */
  const rare = (list) =>
    list.map((value, index) => (value || list[index - 1] || list[index + 1] ? value : null));

  /** Logarithmic gridlines at 1, 2, 5, 10, …; over more than two decades at 1, 10, 100, … */
  /** @param {any} _ @param {number[]} values */
  const decades = (_, values) => {
    const wide = (values.at(-1) ?? 1) / (values[0] || 1) > 150;
    return values.map((value) => {
      const lead = Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9));
      return lead === 1 || (!wide && (lead === 2 || lead === 5)) ? value : null;
    });
  };

  /** @type {{chart: any, element: HTMLElement}[]} */
  let drawn = [];

  /** @param {HTMLElement} element */
  function draw(element) {
    const data = scenarios[Number(element.dataset.scenario)];
    const kind = element.dataset.kind ?? '';
    const section = element.closest('section') ?? element;
    const width = element.clientWidth;
    if (!data || width === 0) return;
    const values =
      kind === 'throughput'
        ? [data.at, data.ok, rare(data.fail), rare(data.unknown)]
        : [
            data.at,
            ...[data.p50, data.p95, data.p99].map((list) =>
              list.map((value) => (value === null ? null : Math.max(1, value))),
            ),
          ];
    // @ts-expect-error uPlot is in a script of its own
    const chart = new uPlot(
      options(data, width, kind, section, `scenario-${element.dataset.scenario}`),
      values,
      element,
    );
    drawn.push({ chart, element });
  }

  function drawAll() {
    for (const { chart } of drawn) chart.destroy();
    drawn = [];
    for (const element of document.querySelectorAll('.plot'))
      draw(/** @type {HTMLElement} */ (element));
  }

  drawAll();
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawAll();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);

  /** Paper is light, and has no summaries to click. */
  /** @type {HTMLDetailsElement[]} */
  let opened = [];
  addEventListener('beforeprint', () => {
    const closed = document.querySelectorAll('details:not(.files, .calm):not([open])');
    opened = [.../** @type {NodeListOf<HTMLDetailsElement>} */ (closed)];
    for (const details of opened) details.open = true;
    document.documentElement.dataset.theme = 'light';
    drawAll();
  });
  addEventListener('afterprint', () => {
    for (const details of opened) details.open = false;
    delete document.documentElement.dataset.theme;
    drawAll();
  });
})();
