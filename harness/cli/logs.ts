import type { Readable } from 'node:stream';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { frames } from '../swarm/docker-api.ts';
import { containerOf } from './component.ts';
import { runningNetwork } from './context.ts';

/** `harness logs`: standard output and error of a component, kept apart. */
export async function logs(
  settings: Settings,
  component: string,
  options: { follow?: boolean; tail: string },
): Promise<void> {
  if (!/^(all|\d+)$/.test(options.tail)) {
    throw new UsageError([`--tail: expected a number of lines or all, seen "${options.tail}"`]);
  }
  const container = await containerOf(await runningNetwork(settings), component);
  const tail = options.tail === 'all' ? {} : { tail: Number(options.tail) };
  const common = { stdout: true, stderr: true, ...tail };
  const source = options.follow
    ? ((await container.logs({ ...common, follow: true })) as unknown as Readable)
    : [await container.logs({ ...common, follow: false })];
  process.stdout.on('error', () => process.exit(0)); // e.g. `harness logs … | head`
  for await (const { stderr, data } of frames(source as unknown as AsyncIterable<Buffer>)) {
    (stderr ? process.stderr : process.stdout).write(data);
  }
}
