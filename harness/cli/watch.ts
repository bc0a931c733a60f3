import { verdictOf } from '../audit/judge.ts';
import type { JudgedChannel } from './audit-network.ts';

/** What a watch says of a channel at each look: what has come, who is behind, and what is wrong that was not before. */
export class WatchLines {
  readonly #height = new Map<string, number>();
  readonly #problems = new Map<string, ReadonlySet<string>>();

  /** @param time of the look, e.g. `14:02:11` */
  of({ channel, look: { height, heights }, result }: JudgedChannel, time: string): string[] {
    const before = this.#height.get(channel);
    this.#height.set(channel, height);
    const news = before === undefined ? '' : ` (+${height - before})`;
    const behind = [...heights].flatMap(([name, own]) =>
      own < height ? [`${name} ${height - own} behind`] : [],
    );
    const known = this.#problems.get(channel) ?? new Set();
    this.#problems.set(channel, new Set(result.problems));
    const gone = [...known].filter((problem) => !result.problems.includes(problem));
    return [
      [`${time} ${channel}: ${verdictOf(result)}, ${height} blocks${news}`, ...behind].join(', '),
      ...result.problems.filter((problem) => !known.has(problem)).map((text) => `  ${text}`),
      ...gone.map((text) => `  no longer: ${text}`),
    ];
  }
}
