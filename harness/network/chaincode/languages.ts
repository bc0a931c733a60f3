import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What a folder of sources is written in, as far as the harness can build it with the host's tool chains. */
export type Language = 'go' | 'javascript' | 'typescript' | 'java';

/** What a folder holds besides a Dockerfile: sources in a language, sources for Gradle, or nothing known. */
export type Sources = Language | 'gradle' | undefined;

/**
 * Tells the language of a chaincode's sources by the file that its package manager needs, as
 * `peer lifecycle chaincode package --lang` wants to be told it.
 */
export function sourcesIn(folder: string): Sources {
  const has = (file: string) => existsSync(path.join(folder, file));
  if (has('go.mod')) return 'go';
  if (has('pom.xml')) return 'java';
  if (has('build.gradle') || has('build.gradle.kts')) return 'gradle';
  if (!has('package.json')) return undefined;
  return has('tsconfig.json') ? 'typescript' : 'javascript';
}

/** The start script of a Node package, if it has one. */
export function startScript(folder: string): string | undefined {
  const text = readFileSync(path.join(folder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { scripts?: { start?: string } }).scripts?.start;
}
