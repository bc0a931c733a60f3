import type { Settings } from '../base/settings.ts';
import { execIn } from '../swarm/docker-api.ts';
import { containerOf } from './component.ts';
import { runningNetwork } from './context.ts';

const DAY_MS = 24 * 3600_000;

/** `harness exec`: ends with the command's own exit code. */
export async function exec(
  settings: Settings,
  component: string,
  command: string[],
): Promise<void> {
  const container = await containerOf(await runningNetwork(settings), component);
  const { exitCode, stdout, stderr } = await execIn(container, command, { budgetMs: DAY_MS });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
}
