import { AGREEMENTS } from '../ordering/registry.ts';
import type { Check } from './checker.ts';
import { agrees } from './checks/agreement.ts';
import { sameAnswers } from './checks/answers.ts';
import { certificatesLast } from './checks/certificates.ts';
import { converged, sameHeaders, wellFormed } from './checks/chain.ts';
import { configUntouched } from './checks/ordering.ts';
import { privateData } from './checks/private-data.ts';
import { codesDerived, signaturesVerify } from './checks/signatures.ts';
import { replayedState, sameState } from './checks/state.ts';
import { noneTwice } from './checks/transactions.ts';
import { commitHashes, conflictsRight, sameCodes } from './checks/validation.ts';

/** What can be said of a ledger without a history, in the order in which it is reported. */
export const LEDGER_CHECKS: readonly Check[] = [
  noneTwice,
  sameHeaders,
  wellFormed,
  converged,
  sameCodes,
  commitHashes,
  sameState,
  replayedState,
  conflictsRight,
  ...AGREEMENTS.filter(({ recorded }) => recorded !== true).map(agrees),
  configUntouched,
  signaturesVerify,
  codesDerived,
  privateData,
  sameAnswers,
  certificatesLast,
];
