import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import { installPackages } from '../engine/host-changes.ts';

/** A program that a host step needs. */
interface HostTool {
  /** Debian and Ubuntu packages that bring it. */
  readonly packages: readonly string[];
  /** Whether the harness installs it where it may, as root on Debian or Ubuntu: what is small and has no version to choose. */
  readonly installed: boolean;
}

/** Tool chains and package managers are the user's; the rest is what a fresh Debian lacks beside them. */
const HOST_TOOLS = {
  go: { packages: ['golang-go'], installed: false },
  mvn: { packages: ['maven'], installed: false },
  npm: { packages: ['npm'], installed: false },
  cc: { packages: ['gcc', 'libc6-dev'], installed: true },
  debootstrap: { packages: ['debootstrap', 'debian-archive-keyring'], installed: true },
} as const satisfies Record<string, HostTool>;
export type ToolName = keyof typeof HOST_TOOLS;

/** Packages to install, split by who does it. Pure. */
export function packagesFor(missing: readonly ToolName[]): {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
} {
  const of = (installed: boolean): readonly string[] =>
    missing
      .map((tool) => HOST_TOOLS[tool])
      .filter((tool) => tool.installed === installed)
      .flatMap(({ packages }) => packages);
  return { ours: of(true), theirs: of(false) };
}

/**
 * Makes sure that the host has what a step needs.
 *
 * @throws UsageError with the command that installs what is missing
 */
export async function requireTools(
  tools: readonly ToolName[],
  notice: (text: string) => void,
): Promise<void> {
  const missing: ToolName[] = [];
  for (const tool of tools) if (!(await onPath(tool))) missing.push(tool);
  const { ours, theirs } = packagesFor(missing);
  const mayInstall = process.getuid?.() === 0 && (await onPath('apt-get'));
  const left = mayInstall ? theirs : [...ours, ...theirs];
  if (left.length > 0) {
    throw new UsageError([
      `building images: expected the programs ${tools.join(', ')} on the host, ` +
        `found no ${missing.join(', ')}`,
      `  sudo apt-get install -y --no-install-recommends ${left.join(' ')}`,
    ]);
  }
  if (ours.length === 0) return;
  await installPackages(ours, 'building images', notice);
}

async function onPath(program: string): Promise<boolean> {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    try {
      await access(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      // not in this folder
    }
  }
  return false;
}
