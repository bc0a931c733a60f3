import type * as exported from './index.ts';
import type { Fault } from './model.ts';

type Exported = typeof exported;

/**
 * The kinds of faults that there are: the names of the functions that make one, which are what histories and results
 * hold. Whoever has a table of them does not compile when a kind comes or goes.
 */
export type FaultKind = {
  [Name in keyof Exported]: Exported[Name] extends (...options: never[]) => Fault ? Name : never;
}[keyof Exported];
