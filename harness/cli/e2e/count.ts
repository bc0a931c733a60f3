import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectFolder } from '../../base/project.ts';

/** `npm run test:ci`: the end-to-end tests of action and workflows, and `N passed, N failed` as the last line. */
const folder = mkdtempSync(path.join(tmpdir(), 'count-'));
try {
  const output = path.join(folder, 'results.json');
  spawnSync(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      path.join(projectFolder, 'node_modules/jest/bin/jest.js'),
      ...['--config', path.join(projectFolder, 'harness/cli/e2e/jest.config.ts')],
      ...['--json', '--outputFile', output, 'e2e/action', 'e2e/workflows'],
    ],
    { cwd: projectFolder, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
    readFileSync(output, 'utf8'),
  ) as Record<'numPassedTests' | 'numFailedTests' | 'numRuntimeErrorTestSuites', number>;
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  console.log(`${numPassedTests} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
