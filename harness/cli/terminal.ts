import { type Progress, recordingProgress, type StepRecord } from '../settings/progress.ts';

const seconds = (value: number) => `${value.toFixed(1)} s`;

/**
 * Progress on a stream: a line when a step ends; on a terminal also one line, rewritten, with what is being done.
 *
 * @param stream usually standard error, so that standard output stays for results
 */
export function terminalProgress(
  stream: NodeJS.WriteStream,
  started = performance.now(),
): Progress & { readonly steps: readonly StepRecord[]; stop(): void } {
  const now = () => (performance.now() - started) / 1000;
  const running = new Map<string, string>();
  const width = () => Math.min(stream.columns ?? 80, 100);
  const clear = () => stream.isTTY && stream.write('\r\x1b[K');
  const draw = () => {
    if (!stream.isTTY || running.size === 0) return;
    const text = [...running]
      .map(([title, detail]) => (detail ? `${title}: ${detail}` : title))
      .join(', ');
    stream.write(`\r\x1b[K${`${seconds(now()).padStart(8)}  … ${text}`.slice(0, width() - 1)}`);
  };
  const timer = stream.isTTY ? setInterval(draw, 100).unref() : undefined;
  const print = (line: string) => {
    clear();
    stream.write(`${line}\n`);
    draw();
  };
  const recording = recordingProgress(now, {
    say: (line) => print(`${seconds(now()).padStart(8)}    ${line}`),
    begin: (title) => {
      running.set(title, '');
      draw();
    },
    detail: (title, text) => {
      if (running.has(title)) running.set(title, text);
      draw();
    },
    end: ({ step, where, seconds: took }, error) => {
      running.delete(step);
      const place = where ? `  (${where})` : '';
      print(
        `${seconds(now()).padStart(8)}  ${error ? '✗' : '✓'} ${step}${place}  ${seconds(took)}`,
      );
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

/** A table in plain text: columns as wide as their widest cell, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
