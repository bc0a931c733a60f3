import type { Forgetting } from '../forgetting.ts';

/**
 * SUCCESS says that the envelope is in this orderer's memory (SmartBFT's request pool). It is lost with the process if
 * no other orderer has it; a change of the view loses nothing.
 */
export const BFT_FORGETTING: Forgetting = {
  read: (line) => (line.includes('Beginning to serve requests') ? {} : undefined),
  explains: ({ orderer, at }, told) => told.get(orderer)?.some((line) => line.at > at) ?? false,
};
