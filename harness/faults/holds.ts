import type { Machine } from '../network/port.ts';

/**
 * Shell scripts for state that several faults may share: a container can be frozen by two of them, a service be down
 * for two reasons. Each fault leaves a hold of its own; the last one to leave undoes the state.
 */
const FOLDER = '/run/harness-holds';

/** Scripts of one machine take turns, so that a hold is never taken while the last one is being undone. */
const TAKE_TURN = `mkdir -p ${FOLDER}; exec 9>${FOLDER}/.lock; flock 9`;

/**
 * Takes a hold, then runs `apply`.
 *
 * @param state what is held, e.g. `freeze-<container>`; a file name
 * @param id of the fault
 * @param value kept with the hold, for {@link values}
 */
export function takeHold(state: string, id: string, apply: string, value = ''): string {
  return `${TAKE_TURN}
mkdir -p ${FOLDER}/${state} && echo '${value}' > ${FOLDER}/${state}/${id}
${apply}`;
}

/** Leaves the hold; runs `undo` unless another fault holds the state, and `stay` if one does. Idempotent. */
export function leaveHold(state: string, id: string, undo: string, stay = ':'): string {
  return `${TAKE_TURN}
rm -f ${FOLDER}/${state}/${id}; rmdir ${FOLDER}/${state} 2>/dev/null
if [ -d ${FOLDER}/${state} ]; then
${stay}
else
${undo}
fi`;
}

/** Prints the values of all holds of a state, one a line. */
export const values = (state: string): string => `cat ${FOLDER}/${state}/*`;

/** Whether any fault holds the state now. */
export async function isHeld(machine: Machine, state: string): Promise<boolean> {
  const { exitCode } = await machine.exec(['test', '-d', `${FOLDER}/${state}`]);
  return exitCode === 0;
}
