import type { Topology } from './schema.ts';

/** Numbers of the machines that manage the Swarm, in the order of the file. */
export const managersOf = ({ machines }: Pick<Topology, 'machines'>): number[] =>
  machines.flatMap(({ number, role }) => (role === 'manager' ? [number] : []));

/** How many of that many managers must be there for the Swarm to take a decision (Raft's majority). */
export const quorumOf = (managers: number): number => Math.floor(managers / 2) + 1;
