import { UsageError } from '../base/errors.ts';
import type { Interruption } from '../base/interruption.ts';
import { settlePatience } from '../base/patience.ts';
import { loadSettings, type Settings } from '../base/settings.ts';
import type { DeployedNetwork } from '../network/deployed.ts';
import { providerOf } from '../network/provider.ts';
import { watchLauncher } from './launcher.ts';

/** Options that every command takes; they win over environment and .env. */
export interface GlobalOptions {
  readonly name?: string;
  readonly topology?: string;
}

/** Settings from command line, environment and .env, in this order of precedence; settles the process's patience. */
export function settingsFrom(options: GlobalOptions): Settings {
  const settings = loadSettings(
    {
      ...process.env,
      ...(options.name === undefined ? {} : { HARNESS_NAME: options.name }),
      ...(options.topology === undefined ? {} : { HARNESS_TOPOLOGY: options.topology }),
    },
    process.cwd(),
  );
  settlePatience(settings.patience);
  return settings;
}

/**
 * The running network of these settings.
 *
 * @throws UsageError when there is none
 */
export async function runningNetwork(settings: Settings): Promise<DeployedNetwork> {
  const provider = await providerOf(settings);
  const network = await provider.find(settings.name);
  if (network === undefined) {
    throw new UsageError([`no network "${settings.name}" runs; start it with: npm start`]);
  }
  if (network === 'incomplete') {
    throw new UsageError([
      `the network "${settings.name}" is not complete: it is coming up, or its start was cut short; ` +
        'wait for it, or remove it with: npm stop',
    ]);
  }
  return network;
}

/**
 * Aborts on the first Ctrl-C or SIGTERM; a second one ends the process at once (the reaper cleans up). So does the
 * death of npm or of the launcher that this process was started through: who kills them means the command.
 */
export function interruptible(): Interruption {
  const controller = new AbortController();
  const interrupt = (signal: string) => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\nharness: ${signal}: cleaning up (again to end at once)\n`);
    controller.abort(new DOMException('interrupted', 'AbortError'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
  watchLauncher(process.env, () => interrupt('the launching process is gone'));
  return {
    signal: controller.signal,
    end: (why) => {
      if (!controller.signal.aborted) interrupt(why);
    },
  };
}
