import type { FoundNetwork } from '../fabric/network/state.ts';
import type { StartedDockerNode } from '../swarm/machine.ts';

/**
 * The guard: a small loop inside each machine that undoes faults whose harness has died. Each fault leaves its heal
 * script there before it is injected; the harness touches a file every few seconds; once that stops, the guard runs
 * what scripts are left. Everything lies on the machine's /run, which is a tmpfs.
 */
const FOLDER = '/run/harness-faults';
/** Seconds without a sign of life after which faults are orphaned. */
const PATIENCE_SECONDS = 15;
const BEAT_MS = 4_000;

/** Runs every heal script once the heartbeat is older than the patience; ends when the folder is gone. */
export const GUARD_LOOP = `
cd ${FOLDER} || exit 0
while [ -d ${FOLDER} ]; do
  sleep 2
  last=$(stat -c %Y alive 2>/dev/null) || continue
  [ $(($(date +%s) - last)) -lt ${PATIENCE_SECONDS} ] && continue
  for script in *.heal; do
    [ -e "$script" ] || continue
    sh "$script" >>guard.log 2>&1
    rm -f "$script"
  done
done
`;

/** A guard in each machine, kept quiet by this process's heartbeat. */
export class Guard implements AsyncDisposable {
  readonly #machines: readonly StartedDockerNode[];
  #timer: NodeJS.Timeout | undefined;

  private constructor(machines: readonly StartedDockerNode[]) {
    this.#machines = machines;
  }

  /** Starts the loop in each machine that runs, and the heartbeat. */
  static async start(network: FoundNetwork): Promise<Guard> {
    const guard = new Guard(network.machines);
    await Promise.all(
      guard.#machines.map((machine) =>
        machine.execOk([
          'sh',
          '-c',
          `rm -rf ${FOLDER}; mkdir -p ${FOLDER}; touch ${FOLDER}/alive; ` +
            `setsid sh -c "$0" </dev/null >/dev/null 2>&1 &`,
          GUARD_LOOP,
        ]),
      ),
    );
    guard.#timer = setInterval(() => void guard.#beat(), BEAT_MS);
    guard.#timer.unref();
    return guard;
  }

  /** Leaves a heal script; call it before the fault is injected. */
  async register(machine: StartedDockerNode, id: string, script: string): Promise<void> {
    const file = `${FOLDER}/${id}.heal`;
    await machine.execOk(['sh', '-c', `mkdir -p ${FOLDER}; cat > ${file}`], { stdin: script });
  }

  /** Runs the heal script and takes it away. Idempotent: a script that is gone has been run. */
  async heal(machine: StartedDockerNode, id: string): Promise<void> {
    const file = `${FOLDER}/${id}.heal`;
    await machine.execOk(['sh', '-c', `[ ! -e ${file} ] || { sh ${file}; rm -f ${file}; }`]);
  }

  async #beat(): Promise<void> {
    // A machine that is down or frozen by a fault can't take the sign; its guard is down or frozen with it.
    await Promise.allSettled(
      this.#machines.map((machine) =>
        machine.exec(['touch', `${FOLDER}/alive`], { budgetMs: BEAT_MS }),
      ),
    );
  }

  /** Ends the loops. What is still registered is healed first. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled(
      this.#machines.map((machine) =>
        machine.exec([
          'sh',
          '-c',
          `cd ${FOLDER} 2>/dev/null && for s in *.heal; do [ ! -e "$s" ] || sh "$s"; done; rm -rf ${FOLDER}`,
        ]),
      ),
    );
  }
}
