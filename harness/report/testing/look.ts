import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';

/**
 * Opens reports in a real browser, as readers will: on a desk and on a phone, in light and in dark.
 *
 *     node harness/report/testing/look.ts [--pictures DIR] [--browser PATH] index.html…
 *
 * Fails on a console message of an error, on any request but the file itself, on anything that sticks out of the
 * window or is cut off, on a time axis that differs within a scenario, and on a chart that was not drawn.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pictures: { type: 'string' },
    browser: { type: 'string', default: process.env.CHROMIUM ?? '/usr/bin/chromium' },
  },
});

const widths = [1280, 390];
const schemes = ['light', 'dark'] as const;

/** Runs in the page; a string so that it needs no types of the browser here. */
const measure = `(() => {
  const wide = innerWidth;
  const name = (element) => element.tagName.toLowerCase() + (element.className ? '.' + String(element.className.baseVal ?? element.className).replaceAll(' ', '.') : '') + ' "' + element.textContent.trim().slice(0, 40) + '"';
  const sticking = [];
  const cut = [];
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('.skip, svg, thead, .u-over, .u-under')) continue;
    const box = element.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (box.right > wide + 0.5 || box.left < -0.5) sticking.push(name(element));
    const style = getComputedStyle(element);
    const clipped = style.overflowX === 'hidden' || style.overflowX === 'clip';
    if (clipped && element.scrollWidth > element.clientWidth + 1) cut.push(name(element));
  }
  const blank = [...document.querySelectorAll('.plot')].filter((plot) => {
    const canvas = plot.querySelector('canvas');
    if (!canvas || canvas.width === 0) return true;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    return !data.some((value) => value !== 0);
  }).length;
  const askew = [];
  for (const section of document.querySelectorAll('.scenario')) {
    const axes = [...section.querySelectorAll('.tl-track, .u-over')].map((track) => track.getBoundingClientRect()).filter(({ width }) => width > 0);
    const off = axes.find(({ left, right }) => Math.abs(left - axes[0].left) > 1 || Math.abs(right - axes[0].right) > 1);
    if (off) askew.push(section.id + ': ' + [axes[0].left, axes[0].right, off.left, off.right].join(' '));
  }
  return { askew, scroll: document.documentElement.scrollWidth, wide, sticking, cut, blank, plots: document.querySelectorAll('.plot').length };
})()`;

interface Measured {
  readonly scroll: number;
  readonly wide: number;
  readonly sticking: readonly string[];
  readonly cut: readonly string[];
  /** Sections in which a row or chart does not share the time axis. */
  readonly askew: readonly string[];
  readonly blank: number;
  readonly plots: number;
}

/** Collects what the browser complains about, from before the page is loaded. */
function listen(page: Page, url: string, faults: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      faults.push(`console ${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => faults.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) {
      faults.push(`request: ${request.url()}`);
    }
  });
}

/** Measures the page as it is now. */
async function inspect(page: Page, when: string, faults: string[]): Promise<void> {
  const seen = (await page.evaluate(measure)) as Measured;
  if (seen.scroll > seen.wide) faults.push(`${when}: ${seen.scroll} px wide, window ${seen.wide}`);
  for (const name of seen.sticking.slice(0, 8)) faults.push(`${when}: sticks out: ${name}`);
  for (const name of seen.cut.slice(0, 8)) faults.push(`${when}: cut off: ${name}`);
  for (const name of seen.askew) faults.push(`${when}: time axes differ: ${name}`);
  if (seen.blank > 0) faults.push(`${when}: ${seen.blank} of ${seen.plots} charts not drawn`);
}

/** @returns the number of things wrong, each of which it has printed */
async function look(browser: Browser, file: string): Promise<number> {
  const url = pathToFileURL(path.resolve(file)).href;
  let problems = 0;
  for (const width of widths) {
    for (const colorScheme of schemes) {
      const faults: string[] = [];
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      listen(page, url, faults);
      await page.goto(url);
      await inspect(page, 'as opened', faults);
      if (values.pictures !== undefined) {
        mkdirSync(values.pictures, { recursive: true });
        const name = `${path.basename(path.dirname(path.resolve(file)))}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: path.join(values.pictures, name), fullPage: true });
      }
      await page.evaluate(
        'for (const details of document.querySelectorAll("details")) details.open = true',
      );
      await inspect(page, 'all opened', faults);
      // Pointing at a chart moves a line through the timeline above it, at the same time.
      for (const plot of (await page.locator('.u-over').all()).slice(0, 2)) {
        await plot.hover({ position: { x: 40, y: 20 } });
        const line = page.locator('.tl-overlay .cursor').first();
        if (!(await line.isVisible()))
          faults.push('no cursor in the timeline while pointing at a chart');
      }
      await page.close();
      for (const fault of faults) console.error(`${file} at ${width} px, ${colorScheme}: ${fault}`);
      problems += faults.length;
    }
  }
  return problems;
}

const browser = await chromium.launch({
  executablePath: values.browser,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  let problems = 0;
  for (const file of positionals) problems += await look(browser, file);
  const views = positionals.length * widths.length * schemes.length;
  console.log(problems === 0 ? `${views} views, nothing wrong` : `${problems} problems`);
  if (problems > 0 || positionals.length === 0) process.exitCode = 1;
} finally {
  await browser.close();
}
