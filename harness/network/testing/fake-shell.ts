import type { ExecResult } from '../../swarm/docker-api.ts';

/** What a shell on a fake machine can do to its components. */
export interface ShellSurroundings {
  scaleService(service: string, replicas: number): void;
  freeze(component: string, frozen: boolean): void;
  killProcess(pid: number): boolean;
  hasProcess(pid: number): boolean;
  answers(component: string): boolean;
  runningId(component: string): string | undefined;
  componentOf(id: string): string | undefined;
}

/** What a command printed, and its exit code unless it is 0. */
type Answer = readonly [stdout: string, exitCode?: number];

/**
 * Knows the commands that the harness gives to machines by their form, and does in memory what they would do. One that
 * it does not know succeeds and prints nothing.
 */
export class FakeShell {
  readonly #machine: ShellSurroundings;
  /** Files and folders that commands have made: heal scripts, holds. */
  readonly #files = new Map<string, string>();

  constructor(machine: ShellSurroundings) {
    this.#machine = machine;
  }

  /** Runs a command with its standard input. */
  run(command: readonly string[], stdin: string): ExecResult {
    const [stdout, exitCode = 0] = this.#answer(command, stdin);
    return { exitCode, stdout, stderr: '' };
  }

  #answer(command: readonly string[], stdin: string): Answer {
    const [program = '', ...args] = command;
    if (program === 'test') return this.#test(args[1] ?? '');
    if (program === 'kill') return ['', this.#machine.killProcess(Number(args.at(-1))) ? 0 : 1];
    if (program === 'docker') return this.#docker(args);
    if (program !== 'sh' && program !== 'bash') return [''];
    const [, script = '', name, ...parameters] = args;
    const [file = ''] = parameters;
    if (name === 'write') {
      this.#files.set(`${file}.heal`, stdin);
      return [''];
    }
    if (name === 'heal') {
      const heal = this.#files.get(file);
      if (heal === undefined) return ['gone'];
      this.#files.delete(file);
      this.#script(heal);
      return [''];
    }
    return this.#script(script);
  }

  #test(path: string): Answer {
    const process = /^\/proc\/(\d+)$/.exec(path)?.[1];
    if (process) return ['', this.#machine.hasProcess(Number(process)) ? 0 : 1];
    const held = [...this.#files.keys()].some((file) => file.startsWith(`${path}/`));
    // Whatever else is asked for is the guard's sign of life.
    return ['', held || path.endsWith('/alive') ? 0 : 1];
  }

  #docker(args: readonly string[]): Answer {
    const [verb, ...rest] = args;
    if (verb === 'ps')
      return [this.#machine.runningId(rest.join(' ').split('=').at(-1) ?? '') ?? ''];
    const script = rest.at(-1) ?? '';
    const asked = [...script.matchAll(/\/dev\/tcp\/([^/]+)\//g)].map(([, name = '']) => name);
    return [
      asked.map((name) => `${name} ${this.#machine.answers(name) ? 'yes' : 'no'}`).join('\n'),
    ];
  }

  /** Scripts that take or leave a hold on a state, and do or undo something unless another hold is there. */
  #script(script: string): Answer {
    const taken = /> (\/run\/harness-holds\/\S+)/.exec(script)?.[1];
    const left = /rm -f (\/run\/harness-holds\/\S+);/.exec(script)?.[1];
    if (taken) this.#files.set(taken, '');
    if (left) {
      this.#files.delete(left);
      const folder = left.slice(0, left.lastIndexOf('/') + 1);
      if ([...this.#files.keys()].some((file) => file.startsWith(folder))) return [''];
    }
    for (const [, service = '', replicas] of script.matchAll(
      /service scale --detach (\S+)=(\d)/g,
    )) {
      this.#machine.scaleService(service, Number(replicas));
    }
    for (const [, verb, id = ''] of script.matchAll(/docker (pause|unpause) (\S+)/g)) {
      this.#machine.freeze(this.#machine.componentOf(id) ?? '', verb === 'pause');
    }
    return this.#looked(script);
  }

  /** How a frozen component is told from one that works: by its state and the time that it has used. */
  #looked(script: string): Answer {
    const id = /docker inspect -f "\{\{\.State\.Status\}\} [^"]*" (\S+)/.exec(script)?.[1];
    if (id === undefined) return [''];
    const works = this.#machine.answers(this.#machine.componentOf(id) ?? '');
    return [works ? 'running 900' : 'paused 0'];
  }
}
