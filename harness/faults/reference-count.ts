import type { Machine } from '../network/port.ts';

/**
 * Shell scripts for state that several faults may share: a container can be frozen by two of them, a service be down
 * for two reasons. References are counted: each fault has one of its own, and the last to release its own undoes the state.
 */
const FOLDER = '/run/harness-holds';

/** Scripts of one machine take turns, so that none is acquired while the last one is being undone. */
const TAKE_TURN = `mkdir -p ${FOLDER}; exec 9>${FOLDER}/.lock; flock 9`;

/**
 * Acquires a reference, then runs `apply`.
 *
 * @param state what is referenced, e.g. `freeze-<container>`; a file name
 * @param id of the fault
 * @param value kept with the reference, for {@link values}
 */
export function acquireReference(state: string, id: string, apply: string, value = ''): string {
  return `${TAKE_TURN}
mkdir -p ${FOLDER}/${state} && echo '${value}' > ${FOLDER}/${state}/${id}
${apply}`;
}

/** Releases the reference; runs `undo` unless another fault has one, and `stay` if one does. Idempotent. */
export function releaseReference(state: string, id: string, undo: string, stay = ':'): string {
  return `${TAKE_TURN}
rm -f ${FOLDER}/${state}/${id}; rmdir ${FOLDER}/${state} 2>/dev/null
if [ -d ${FOLDER}/${state} ]; then
${stay}
else
${undo}
fi`;
}

/** Prints the values of all references to a state, one a line. */
export const values = (state: string): string => `cat ${FOLDER}/${state}/*`;

/** Whether any fault has a reference to the state now. */
export async function isReferenced(machine: Machine, state: string): Promise<boolean> {
  const { exitCode } = await machine.exec(['test', '-d', `${FOLDER}/${state}`]);
  return exitCode === 0;
}
