import { type Progress, recordingProgress, type StepRecord } from '../base/progress.ts';

/** Columns of the time at the start of a line, and of the mark behind it. */
const MARGIN = 12;

const seconds = (value: number) => `${value.toFixed(1)} s`;

/** Fewest columns that leave room for a few words beside the times. */
const NARROWEST = 40;

/** Columns that a stream says it has, as far as that can be true: a serial console says 0, some pipes say 1. */
export const columnsOf = ({ columns = 80 }: NodeJS.WriteStream) =>
  columns < NARROWEST ? 80 : Math.min(columns, 100);

/**
 * Progress on a stream: a line when a step ends; on a terminal also one line, rewritten, with what is being done. A
 * terminal that cannot rewrite a line (TERM=dumb), or does not know how wide it is, gets plain lines only.
 *
 * @param stream usually standard error, so that standard output stays for results
 * @param term the variable TERM
 */
export function terminalProgress(
  stream: NodeJS.WriteStream,
  started = performance.now(),
  term = process.env.TERM,
): Progress & { readonly steps: readonly StepRecord[]; stop(): void } {
  const now = () => (performance.now() - started) / 1000;
  const running = new Map<string, { readonly where: string; readonly text: string }>();
  const width = () => columnsOf(stream);
  const rewrites = () =>
    stream.isTTY &&
    term !== 'dumb' &&
    (stream.columns === undefined || stream.columns >= NARROWEST);
  const clear = () => rewrites() && stream.write('\r\x1b[K');
  const draw = () => {
    if (!rewrites() || running.size === 0) return;
    const text = [...running]
      .map(([title, { where, text }]) => [at(title, where), text].filter(Boolean).join(': '))
      .join(', ');
    stream.write(`\r\x1b[K${`${seconds(now()).padStart(8)}  … ${text}`.slice(0, width() - 1)}`);
  };
  const timer = stream.isTTY ? setInterval(draw, 100).unref() : undefined;
  const print = (mark: string, line: string) => {
    const [first = '', ...rest] = wrap(line, width() - MARGIN);
    clear();
    stream.write(`${seconds(now()).padStart(8)}  ${mark} ${first}\n`);
    for (const each of rest) stream.write(`${' '.repeat(MARGIN)}${each}\n`);
    draw();
  };
  const recording = recordingProgress(now, {
    say: (line) => print(' ', line),
    begin: (title, where) => {
      running.set(title, { where, text: '' });
      draw();
    },
    detail: (title, text) => {
      const step = running.get(title);
      if (step) running.set(title, { ...step, text });
      draw();
    },
    end: ({ step, where, seconds: took }, error) => {
      running.delete(step);
      print(error ? '✗' : '✓', `${at(step, where)}  ${seconds(took)}`);
    },
  });
  return Object.assign(recording, {
    stop() {
      clearInterval(timer);
      running.clear();
      clear();
    },
  });
}

const at = (title: string, where: string) => (where ? `${title}  (${where})` : title);

/** Breaks a text that is wider than a line at blanks; a word that is wider still has a line of its own. */
export function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
