import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { $ } from 'zx';
import type { Diagnosis } from './diagnosis.ts';
import { hostFacts } from './private-engine.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const NOT_FOUND = 'not found';
/** Go programs from this one on can fetch a newer tool chain by themselves. */
const GO_WITH_TOOLCHAINS = '1.21';

const quiet = $({ quiet: true, nothrow: true });

/** Who may do what on this host. */
export interface Host {
  readonly root: boolean;
  /** Whether the harness installs small programs by itself: as root, where there is apt-get. */
  readonly installs: boolean;
}

/** What a program printed about itself; undefined if it isn't there. */
type Printed = string | undefined;

/**
 * Looks at the programs that the harness and the builds of its images run.
 *
 * @param registry whether an image registry answers: without one the base image is made with debootstrap
 */
export async function examineTools(registry: boolean): Promise<Diagnosis[]> {
  const { root } = hostFacts();
  const host = { root, installs: root && (await printed('command -v apt-get')) !== undefined };
  const [node, npm, go, toolchain, maven, java, git, gcc, debootstrap] = await Promise.all(
    [
      'node --version',
      'npm --version',
      'go version',
      'go env GOTOOLCHAIN',
      'mvn --version',
      'java -version 2>&1',
      'git --version',
      'gcc --version',
      'command -v debootstrap',
    ].map(printed),
  );
  const bundled = existsSync(path.join(ROOT, `node_modules/node-linux-${process.arch}/bin/node`));
  return [
    judgeNode(node, bundled),
    judge('npm', npm, '7', 'to install packages', 'apt-get install npm'),
    judgeGo(go, toolchain, goNeeded()),
    judge('maven', maven, '3', 'to fetch Kafka', 'apt-get install maven'),
    // Maven says which Java it runs on, which need not be the one on the PATH.
    judge(
      'java',
      /^Java version: .*/m.exec(maven ?? '')?.[0] ?? java,
      '17',
      'for Maven',
      'apt-get install openjdk-17-jdk-headless',
    ),
    judgeGit(git),
    judgeHelper('gcc', gcc, host, 'any, to build fabric-ca', 'gcc libc6-dev'),
    judgeDebootstrap(debootstrap, host, registry),
  ];
}

async function printed(command: string): Promise<Printed> {
  const { exitCode, stdout } = await quiet`bash -c ${command}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Maven prints in bold even where nobody sees it
  return exitCode === 0 ? stdout.replaceAll(/\x1b\[[0-9;]*m/g, '').trim() : undefined;
}

/** The version in what a program printed: its first number with a dot, or the first number at all. */
export function versionIn(text: string): string | undefined {
  return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? /\d+/.exec(text)?.[0];
}

/** Whether a version is another one or newer; missing parts count as 0. */
export function atLeast(version: string, wanted: string): boolean {
  const [have, want] = [version, wanted].map((each) => each.split('.').map(Number));
  for (let i = 0; i < Math.max(have?.length ?? 0, want?.length ?? 0); i++) {
    const difference = (have?.[i] ?? 0) - (want?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function judge(
  subject: string,
  text: Printed,
  wanted: string,
  why: string,
  install: string,
): Diagnosis {
  const version = versionIn(text ?? '');
  const ok = version !== undefined && atLeast(version, wanted);
  return {
    subject,
    state: ok ? 'ok' : 'missing',
    found: version ?? NOT_FOUND,
    needed: `${wanted} or newer, ${why}`,
    fix: ok ? '' : install,
  };
}

/**
 * Any Node that starts `harness/cli/bin.js`: an older one only starts the one that npm installed.
 *
 * @param bundled whether that one is there
 */
export function judgeNode(text: Printed, bundled: boolean): Diagnosis {
  const version = versionIn(text ?? '');
  const able = version !== undefined && atLeast(version, '22.22');
  const starts = version !== undefined && atLeast(version, '20') && bundled;
  const hands = starts && !able ? '; the Node 24 that npm installed takes over' : '';
  return {
    subject: 'node',
    state: able || starts ? 'ok' : 'missing',
    found: version === undefined ? NOT_FOUND : `${version}${hands}`,
    needed: '22.22 or newer; or 20 or newer, and the Node 24 that npm ci installs',
    fix:
      able || starts
        ? ''
        : version !== undefined && atLeast(version, '20')
          ? 'npm ci'
          : 'install Node 20 or newer (https://nodejs.org), then npm ci',
  };
}

/** @param toolchain what `go env GOTOOLCHAIN` says: `local` forbids fetching a newer Go */
export function judgeGo(text: Printed, toolchain: Printed, needed: string): Diagnosis {
  const common = { subject: 'go', needed: `${needed} or newer, to build Fabric` };
  const install = 'apt-get install golang-go, or https://go.dev/dl where that is older';
  const version = versionIn(text ?? '');
  if (version === undefined) return { ...common, state: 'missing', found: NOT_FOUND, fix: install };
  if (atLeast(version, needed)) return { ...common, state: 'ok', found: version, fix: '' };
  const fetches =
    atLeast(version, GO_WITH_TOOLCHAINS) && toolchain !== undefined && /auto/.test(toolchain);
  return fetches
    ? { ...common, state: 'limited', found: `${version}, which fetches ${needed} itself`, fix: '' }
    : { ...common, state: 'missing', found: version, fix: install };
}

/** The highest `go` line among the modules that the images are built from. */
export function goNeeded(): string {
  const lines = globSync('fixtures/images/**/go.mod', { cwd: ROOT }).map(
    (file) => /^go (\S+)/m.exec(readFileSync(path.join(ROOT, file), 'utf8'))?.[1] ?? '0',
  );
  return lines.reduce((highest, line) => (atLeast(line, highest) ? line : highest), '0');
}

function judgeGit(text: Printed): Diagnosis {
  return {
    subject: 'git',
    state: text === undefined ? 'limited' : 'ok',
    found: versionIn(text ?? '') ?? NOT_FOUND,
    needed: 'any, where Go is told to fetch modules without a proxy',
    fix: text === undefined ? 'apt-get install git' : '',
  };
}

/** A program that the harness installs itself where it may. */
export function judgeHelper(
  subject: string,
  text: Printed,
  host: Host,
  needed: string,
  packages: string,
): Diagnosis {
  if (text !== undefined) {
    return { subject, state: 'ok', found: versionIn(text) ?? text, needed, fix: '' };
  }
  return host.installs
    ? {
        subject,
        state: 'ok',
        found: `${NOT_FOUND}; the harness installs it when it builds images`,
        needed,
        fix: '',
      }
    : {
        subject,
        state: 'missing',
        found: NOT_FOUND,
        needed,
        fix: `apt-get install --no-install-recommends ${packages}`,
      };
}

/** @param registry whether an image registry answers */
export function judgeDebootstrap(text: Printed, host: Host, registry: boolean): Diagnosis {
  const subject = 'debootstrap';
  if (registry) {
    return {
      subject,
      state: 'ok',
      found: text ?? NOT_FOUND,
      needed: 'not here: the base image comes from the registry that answers',
      fix: '',
    };
  }
  const needed = 'any, as root: no registry answers, so the base image is made with it';
  const helper = judgeHelper(subject, text, host, needed, 'debootstrap debian-archive-keyring');
  if (host.root) return helper;
  return {
    ...helper,
    state: 'missing',
    found: `${helper.found}, and not root`,
    fix: 'run as root, or give the engine the image debian:trixie-slim',
  };
}
