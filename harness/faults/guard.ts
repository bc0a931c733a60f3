import { randomBytes } from 'node:crypto';
import type { Machine } from '../network/port.ts';

/**
 * The guard: a small loop inside each machine that undoes faults whose harness has died. Each fault leaves its heal
 * script there before it is injected; the harness gives a sign of life every few seconds; once that stops, the guard
 * runs what scripts are left, and ends. Everything lies on the machine's /run, which is a tmpfs, in a folder of the
 * session's own, so that two sessions on one network don't heal each other's faults.
 */
const FOLDER = '/run/harness-faults';
const BEAT_MS = 3_000;
const HEAL_MS = 25_000;
const INTERVAL_SECONDS = 2;
/**
 * Looks without a new sign of life after which faults are orphaned. They are counted rather than timed: a guard that
 * was itself suspended (the whole machine frozen, a laptop asleep) must not take its own absence for the harness's.
 */
const PATIENCE_LOOKS = 7;
/** How often a heal script that fails is run again, one look apart. */
const ATTEMPTS = 10;

/**
 * Arguments: folder, seconds between two looks, looks without a sign of life until faults are orphaned, attempts.
 * Ends when the folder is gone.
 */
export const GUARD_LOOP = `
folder=$1 interval=$2 patience=$3 attempts=$4
cd "$folder" || exit 0
last= same=0
while sleep "$interval"; [ -d "$folder" ]; do
  now=$(stat -c %y alive 2>/dev/null)
  if [ "$now" != "$last" ]; then
    last=$now same=0
    continue
  fi
  same=$((same + 1))
  [ "$same" -lt "$patience" ] && continue
  while [ "$attempts" -gt 0 ] && ls ./*.heal >/dev/null 2>&1; do
    for script in *.heal; do
      { timeout 20 sh "$script" >>guard.log 2>&1 && rm -f "$script"; } &
    done
    wait
    attempts=$((attempts - 1))
    ls ./*.heal >/dev/null 2>&1 && sleep "$interval"
  done
  cd / && rm -rf "$folder"
  exit 0
done
`;

/** Runs one heal script and takes it away; says so when it is gone, because then it has been run. Argument: the file. */
const HEAL = 'if [ -e "$1" ]; then timeout 20 sh "$1" >&2 && rm -f "$1"; else echo gone; fi';

/** Runs what is left and removes the folder, which ends the loop. Argument: the folder. */
const END =
  'cd "$1" 2>/dev/null || exit 0; for s in *.heal; do [ ! -e "$s" ] || timeout 20 sh "$s"; done; cd /; rm -rf "$1"';

/** What the guard needs of the network. */
export interface Guarded {
  readonly machines: readonly Machine[];
}

/** A guard in each machine, kept quiet by this process's signs of life. */
export class Guard implements AsyncDisposable {
  readonly #machines: readonly Machine[];
  readonly #session = randomBytes(4).toString('hex');
  readonly #folder = `${FOLDER}/${this.#session}`;
  /** By machine number: scripts by id that have not been run. A machine that restarts gets them back. */
  readonly #scripts = new Map<number, Map<string, string>>();
  readonly #early = new Set<string>();
  readonly #beating = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #ids = 0;

  private constructor(machines: readonly Machine[]) {
    this.#machines = machines;
  }

  /**
   * Starts the loop in each machine, and the signs of life.
   *
   * @throws Error when a machine does not run
   */
  static async start(network: Guarded): Promise<Guard> {
    const guard = new Guard(network.machines);
    await Promise.all(guard.#machines.map((machine) => guard.#startLoop(machine)));
    guard.#timer = setInterval(() => void guard.#beat(), BEAT_MS);
    guard.#timer.unref();
    return guard;
  }

  /** A name for one injection of a fault, unlike any other in these machines. */
  newId(kind: string, target: string): string {
    this.#ids += 1;
    return `${kind}-${target}-${this.#session}-${this.#ids}`;
  }

  /**
   * Leaves a heal script; call it before the fault is injected. The script must be idempotent and exit with 0 when
   * there is nothing left to undo.
   *
   * @throws Error when the machine does not run
   */
  async register(machine: Machine, id: string, script: string): Promise<void> {
    this.#scriptsOf(machine).set(id, script);
    const { exitCode } = await machine.exec(['test', '-e', `${this.#folder}/alive`]);
    // It may have ended because this process was busy with something else for too long.
    await (exitCode === 0 ? this.#write(machine, id, script) : this.revive(machine));
  }

  /** Runs the heal script and takes it away. Idempotent: a script that is gone has been run. */
  async heal(machine: Machine, id: string): Promise<void> {
    const file = `${this.#folder}/${id}.heal`;
    const said = await machine.execOk(['sh', '-c', HEAL, 'heal', file], { budgetMs: HEAL_MS });
    if (this.#scriptsOf(machine).delete(id) && said === 'gone') this.#early.add(id);
  }

  /**
   * Whether the guard has undone a fault of this target before it was to be healed, because this process gave no sign
   * of life for too long: the fault was shorter than its record says. Asking clears it.
   */
  endedEarly(target: string): boolean {
    const ids = [...this.#early].filter((id) => id.includes(`-${target}-${this.#session}-`));
    for (const id of ids) this.#early.delete(id);
    return ids.length > 0;
  }

  /** Starts the guard of a machine that has been restarted, with the scripts that it had. */
  async revive(machine: Machine): Promise<void> {
    await this.#startLoop(machine);
    for (const [id, script] of this.#scriptsOf(machine)) await this.#write(machine, id, script);
  }

  async #startLoop(machine: Machine): Promise<void> {
    const start =
      'set -e; mkdir -p "$1"; touch "$1/alive"; setsid sh -c "$0" guard "$@" </dev/null >/dev/null 2>&1 &';
    const parameters = [INTERVAL_SECONDS, PATIENCE_LOOKS, ATTEMPTS].map(String);
    await machine.execOk(['sh', '-c', start, GUARD_LOOP, this.#folder, ...parameters]);
  }

  async #write(machine: Machine, id: string, script: string): Promise<void> {
    // Written under another name first: the guard must never run half a script.
    const file = `${this.#folder}/${id}`;
    await machine.execOk(['sh', '-c', 'cat > "$1.new" && mv "$1.new" "$1.heal"', 'write', file], {
      stdin: script,
    });
  }

  #scriptsOf(machine: Machine): Map<string, string> {
    const known = this.#scripts.get(machine.number) ?? new Map<string, string>();
    this.#scripts.set(machine.number, known);
    return known;
  }

  async #beat(): Promise<void> {
    await Promise.all(
      this.#machines.map(async (machine) => {
        if (this.#beating.has(machine.number)) return;
        this.#beating.add(machine.number);
        try {
          await machine.exec(['touch', '-c', `${this.#folder}/alive`], { budgetMs: 10_000 });
        } catch {
          // A machine that is down or frozen by a fault can't take the sign; its guard is down or frozen with it.
        } finally {
          this.#beating.delete(machine.number);
        }
      }),
    );
  }

  /** Ends the loops. What is still registered is healed first. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled(
      this.#machines.map((machine) => machine.exec(['sh', '-c', END, 'end', this.#folder])),
    );
  }
}
