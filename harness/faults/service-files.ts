import { createHash } from 'node:crypto';
import { managerOf } from '../network/components.ts';
import type { ComponentHandle, Machine } from '../network/port.ts';
import { serviceName } from '../swarm/deploy.ts';
import { keepLogs } from '../swarm/kept-logs.ts';
import { awaitRunning, runningContainer } from './components.ts';
import type { FaultContext } from './model.ts';

/** Milliseconds for a component to be back with other files. */
const BACK_MS = 80_000;

/** A file that a component is started with. */
export interface OtherFile {
  readonly path: string;
  readonly content: string;
  readonly secret?: boolean;
}

/** What is in force of the files of a component's service. */
export interface SwappedFiles {
  /** Starts the component anew with the other files, and waits for it. */
  apply(): Promise<void>;
  /** Starts it anew with those that it had, unless it has them; does not wait. */
  undo(): Promise<void>;
}

const kindOf = ({ secret }: OtherFile) =>
  secret
    ? { kind: 'secret', list: 'Secrets', mode: '0400' }
    : { kind: 'config', list: 'Configs', mode: '0444' };

/**
 * Other content of files that a component reads when it starts. Its service is changed, as an operator would; the guard
 * changes it back, should this process die.
 *
 * @param id of the fault
 */
export function swappedFiles(
  context: FaultContext,
  handle: ComponentHandle,
  id: string,
  files: readonly OtherFile[],
): SwappedFiles {
  const { name, machine } = handle;
  const service = serviceName(name);
  let manager: Machine | undefined;
  return {
    async apply() {
      const { id: before } = await runningContainer(handle);
      manager = await managerOf(context.network);
      const run = manager;
      const swaps = await Promise.all(
        files.map(async (file) => {
          const { kind, list } = kindOf(file);
          const format = `{{range .Spec.TaskTemplate.ContainerSpec.${list}}}{{if eq .File.Name "${file.path}"}}{{.${kind === 'secret' ? 'SecretName' : 'ConfigName'}}}{{end}}{{end}}`;
          const old = await run.execOk(['docker', 'service', 'inspect', '-f', format, service]);
          const digest = createHash('sha256').update(file.content).digest('hex').slice(0, 24);
          const next = `${kind}-${digest}`;
          const make = `docker ${kind} inspect ${next} >/dev/null 2>&1 || docker ${kind} create ${next} -`;
          await run.execOk(['sh', '-c', make], { stdin: file.content });
          return { file, old: old.trim(), next };
        }),
      );
      const update = (from: 'old' | 'next', to: 'old' | 'next') => {
        const changes = swaps.flatMap(({ file, ...names }) => {
          const { kind, mode } = kindOf(file);
          return [
            `--${kind}-rm ${names[from]}`,
            `--${kind}-add source=${names[to]},target=${file.path},mode=${mode}`,
          ];
        });
        return `docker service update --detach --force ${changes.join(' ')} ${service} >/dev/null`;
      };
      const [first] = swaps;
      const has = `docker service inspect -f '{{json .Spec.TaskTemplate.ContainerSpec}}' ${service} | grep -q ${first?.next}`;
      await context.guard.register(run, id, `${has} || exit 0\n${update('next', 'old')}`);
      await keepLogs(machine, name);
      await run.execOk(['sh', '-ec', update('old', 'next')]);
      await awaitRunning(handle, { budgetMs: BACK_MS, unlike: before, signal: context.signal });
    },
    async undo() {
      if (!manager) return; // it was never begun
      await keepLogs(machine, name);
      await context.guard.heal(manager, id);
    },
  };
}
