import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectFolder } from '../../base/project.ts';
import { RUN_CONTEXT, type RunContext } from './run-context.ts';

/** Milliseconds between two looks for a finished scenario. */
const LOOK_MS = 1_000;

/**
 * Runs the unit suite, its output as it comes.
 *
 * @returns how many tests passed and failed; a suite that could not run at all counts as one failed
 */
export async function runUnitSuite(
  signal: AbortSignal,
): Promise<{ passed: number; failed: number }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'harness-unit-'));
  try {
    const output = path.join(folder, 'unit.json');
    const jest = path.join(projectFolder, 'node_modules/jest/bin/jest.js');
    const child = spawn(
      process.execPath,
      [
        ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest],
        ...['--config', path.join(projectFolder, 'jest.config.ts')],
        ...['--json', '--outputFile', output],
      ],
      { cwd: projectFolder, stdio: ['ignore', 'ignore', 'inherit'], signal },
    );
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => resolve());
    });
    signal.throwIfAborted();
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(output, 'utf8'),
    ) as Record<string, number>;
    return {
      passed: numPassedTests ?? 0,
      failed: (numFailedTests ?? 0) + (numRuntimeErrorTestSuites ?? 0),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs the files in a process of their own. Its standard input stays open while the run may go on; closing it, or this
 * process's death, makes it heal and end.
 */
export function runScenarioFiles(
  files: readonly string[],
  context: RunContext,
  dockerHost: string | undefined,
  signal: AbortSignal,
  onLook: () => Promise<void>,
): Promise<number> {
  const folders = [...new Set(files.map((file) => path.dirname(file)))];
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      // kafkajs computes a throttle that has passed already; Node 24 remarks on it, and it does no harm.
      '--disable-warning=TimeoutNegativeWarning',
      ...['--import', pathToFileURL(path.join(import.meta.dirname, 'quiet-exit.ts')).href],
      path.join(projectFolder, 'node_modules/jest/bin/jest.js'),
      '--config',
      path.join(projectFolder, 'harness/scenario/run/jest.config.ts'),
      '--runInBand',
      '--forceExit',
      '--runTestsByPath',
      ...files,
    ],
    {
      cwd: projectFolder,
      detached: true, // Ctrl-C is this process's to handle
      stdio: ['pipe', 'inherit', 'inherit'],
      env: {
        ...process.env,
        ...(dockerHost !== undefined && { DOCKER_HOST: dockerHost }),
        [RUN_CONTEXT]: JSON.stringify(context),
        SCENARIO_ORDER: JSON.stringify(files),
        SCENARIO_ROOTS: JSON.stringify(folders),
      },
    },
  );
  child.stdin.on('error', () => undefined);
  const interrupt = () => child.stdin.end();
  signal.addEventListener('abort', interrupt, { once: true });
  if (signal.aborted) interrupt();
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(onLook).catch(() => undefined);
  }, LOOK_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      clearInterval(timer);
      signal.removeEventListener('abort', interrupt);
      looking.then(() => resolve(code ?? 1));
    });
  });
}
