import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { projectFolder } from '../../../base/project.ts';
import { startProgram } from './command.ts';

/** What a runner told about a run of a workflow. */
export interface WorkflowRun {
  /** Whether every job succeeded. */
  readonly green: boolean;
  /** What was printed, one line each, with the job before it. */
  readonly log: string;
  /** `workflow/name of the job`, one for each cell of a matrix. */
  readonly jobs: readonly string[];
  /** Markdown of all job summaries. */
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  /** Outputs by `job step name`, e.g. `resilience test verdict`. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Result of each step that ran, by `job: name of the step`. */
  readonly steps: ReadonlyMap<string, 'success' | 'failure'>;
}

export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: string;
}

/** A line of act's own log, as far as it is used here. */
interface Event {
  readonly msg: string;
  /** With the values of its matrix. */
  readonly job?: string;
  readonly jobID?: string;
  readonly stepID?: readonly string[];
  readonly step?: string;
  readonly stage?: 'Pre' | 'Main' | 'Post';
  readonly stepResult?: string;
  readonly command?: string;
  readonly content?: string;
  readonly name?: string;
  readonly arg?: string;
  readonly kvPairs?: Readonly<Record<string, string>>;
  readonly raw_output?: boolean;
}

export interface WorkflowOptions {
  /** The repository whose workflow runs. */
  readonly repository: string;
  /** File below `.github/workflows`. */
  readonly workflow: string;
  /** `push`, `workflow_dispatch`, … */
  readonly event: string;
  /** Of workflow_dispatch. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly job?: string;
  /** Cells of a matrix to run, e.g. `topology:article`; all unless told. */
  readonly cells?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Repositories by `OWNER/NAME@REF`, besides the stand-ins for actions of others. */
  readonly repositories?: Readonly<Record<string, string>>;
  /** Where the runner works, and where stand-ins keep caches and artefacts. */
  readonly folder: string;
  /** Only say which jobs and steps there are, with their matrices. */
  readonly dry?: boolean;
  /** Told each line as it comes. */
  readonly onLine?: (line: string) => void;
}

const STANDINS = path.join(import.meta.dirname, 'actions');

/** Node 24 as npm has installed it beside the dependencies. */
const NODE = path.join(projectFolder, `node_modules/node-linux-${process.arch}/bin`);

/** The runner that `.ci/tools/go.mod` pins, built by Go into its cache. */
export function act(): string {
  const tools = path.join(projectFolder, '.ci/tools');
  return execFileSync('go', ['tool', '-n', 'act'], { cwd: tools, encoding: 'utf8' }).trim();
}

/** Runs a workflow on this machine, without containers, with stand-ins for the actions of others. */
export async function runWorkflow(options: WorkflowOptions): Promise<WorkflowRun> {
  const { repository, workflow, event, inputs = {}, cells = [], folder } = options;
  const repositories = { ...standIns(repository, workflow), ...options.repositories };
  const flags = [
    ...['--json', '--directory', repository, '--workflows', `.github/workflows/${workflow}`],
    ...['--platform', 'ubuntu-24.04=-self-hosted', '--action-offline-mode', '--no-cache-server'],
    ...['--action-cache-path', path.join(folder, 'act'), '--concurrent-jobs', '1'],
    ...Object.entries(repositories).flatMap(([name, at]) => [
      '--local-repository',
      `${name}=${at}`,
    ]),
    ...Object.entries(inputs).flatMap(([name, value]) => ['--input', `${name}=${value}`]),
    ...(options.job ? ['--job', options.job] : []),
    ...cells.flatMap((cell) => ['--matrix', cell]),
    ...(options.dry ? ['--dryrun'] : []),
  ];
  mkdirSync(folder, { recursive: true });
  const running = startProgram([act(), event, ...flags], {
    cwd: repository,
    env: {
      ...options.env,
      STANDIN_FOLDER: folder,
      STANDIN_NODE: NODE,
      // Else act asks how it should go about it, and remembers the answer in the user's home.
      XDG_CONFIG_HOME: path.join(folder, 'config'),
    },
  });
  const { onLine } = options;
  if (onLine && running.child.stdout) {
    createInterface({ input: running.child.stdout }).on('line', (line) => {
      for (const event of eventsOf(line)) if (event.msg.trim()) onLine(inWords(event));
    });
  }
  const { code, stdout, stderr } = await running.ended;
  return told(code === 0, `${stdout}${stderr}`);
}

function eventsOf(text: string): Event[] {
  return text.split('\n').flatMap((line): Event[] => {
    try {
      return [JSON.parse(line) as Event];
    } catch {
      return line ? [{ msg: line }] : [];
    }
  });
}

const inWords = ({ job, msg }: Event) => `${job ?? ''}| ${msg.trimEnd()}`;

function told(green: boolean, text: string): WorkflowRun {
  const events = eventsOf(text);
  const of = (command: string) => events.filter((event) => event.command === command);
  const id = ({ jobID, stepID }: Event) => [jobID, stepID?.at(-1)].join(' ');
  const level = ['error', 'warning'] as const;
  return {
    green,
    log: events.map(inWords).join('\n'),
    jobs: [...new Set(events.flatMap(({ job }) => job ?? []))].sort(),
    summary: of('summary')
      .map(({ content }) => content)
      .join('\n'),
    annotations: level.flatMap((each) =>
      of(each).map(({ arg = '', kvPairs }) => ({ level: each, message: arg, ...kvPairs })),
    ),
    outputs: new Map(of('set-output').map((e) => [`${id(e)} ${e.name}`, e.arg ?? ''])),
    steps: new Map(
      events.flatMap(({ jobID, step, stage, stepResult }) =>
        stage === 'Main' && (stepResult === 'success' || stepResult === 'failure')
          ? [[`${jobID}: ${step}`, stepResult] as const]
          : [],
      ),
    ),
  };
}

/** Stand-ins for the actions that the workflow, and action.yml, use by commit. */
function standIns(repository: string, workflow: string): Record<string, string> {
  const files = [
    path.join(repository, '.github/workflows', workflow),
    path.join(projectFolder, 'action.yml'),
    path.join(projectFolder, '.github/actions/prepare/action.yml'),
  ];
  const uses = files.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/uses: (actions\/[\w-]+)\S*@(\S+)/g),
  ]);
  return Object.fromEntries(
    uses.map(([, name = '', ref]) => [`${name}@${ref}`, path.join(STANDINS, name)]),
  );
}

/** The project as a clone has it: what git knows, and what is new and not ignored. */
export function copyOfProject(target: string): string {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: projectFolder, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  for (const file of new Set(listed.split('\0').filter(Boolean))) {
    const from = path.join(projectFolder, file);
    if (!existsSync(from)) continue; // removed, and not committed yet
    mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    cpSync(from, path.join(target, file), { verbatimSymlinks: true });
  }
  return target;
}

/** Makes a folder a repository with one commit, as runners expect it. */
export function commitAll(folder: string, owner = 'consumer'): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@invalid', ...args], {
      cwd: folder,
      stdio: 'pipe',
    });
  git('init', '--quiet', '--initial-branch', 'main');
  git('remote', 'add', 'origin', `https://github.com/${owner}/${path.basename(folder)}.git`);
  git('add', '--all');
  git('commit', '--quiet', '--message', 'all');
  return folder;
}

/** Artefacts that were kept: files by name of the artefact. */
export function artefacts(folder: string): Record<string, string[]> {
  const root = path.join(folder, 'artifacts');
  const names = existsSync(root) ? readdirSync(root) : [];
  return Object.fromEntries(
    names.map((name) => [
      name,
      readdirSync(path.join(root, name), { recursive: true, encoding: 'utf8' }).sort(),
    ]),
  );
}
