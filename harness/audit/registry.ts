import { AGREEMENTS } from '../ordering/registry.ts';
import type { Check } from './checker.ts';
import { agrees } from './checks/agreement.ts';
import { askedIsCommitted } from './checks/asked.ts';
import { converged, sameHeaders, wellFormed } from './checks/chain.ts';
import { chaincodeEventsComplete } from './checks/chaincode-events.ts';
import { faultsTookEffect } from './checks/declared.ts';
import { endorsersAgree } from './checks/endorsers.ts';
import { eventsComplete } from './checks/events.ts';
import { historySound } from './checks/history.ts';
import { loadAsIntended } from './checks/load.ts';
import { amountsExact, moneyConserved } from './checks/money.ts';
import { configUntouched } from './checks/ordering.ts';
import { privateData } from './checks/private-data.ts';
import { readsReal } from './checks/reads.ts';
import { realTimeOrder } from './checks/real-time.ts';
import { available, recovers } from './checks/recovery.ts';
import { refusalsRight } from './checks/refusals.ts';
import { codesDerived, signaturesVerify } from './checks/signatures.ts';
import { replayedState, sameState } from './checks/state.ts';
import { environmentRestored, logsClean } from './checks/surroundings.ts';
import {
  allSettled,
  noneForged,
  noneLost,
  noneTwice,
  notifiedTruly,
} from './checks/transactions.ts';
import { commitHashes, conflictsRight, sameCodes } from './checks/validation.ts';

/** All checks, in the order in which they are reported. */
export const CHECKS: readonly Check[] = [
  noneLost,
  noneForged,
  noneTwice,
  sameHeaders,
  wellFormed,
  converged,
  sameCodes,
  commitHashes,
  sameState,
  replayedState,
  conflictsRight,
  moneyConserved,
  amountsExact,
  readsReal,
  realTimeOrder,
  eventsComplete,
  chaincodeEventsComplete,
  notifiedTruly,
  faultsTookEffect,
  loadAsIntended,
  recovers,
  available,
  ...AGREEMENTS.map(agrees),
  configUntouched,
  logsClean,
  environmentRestored,
  signaturesVerify,
  codesDerived,
  askedIsCommitted,
  endorsersAgree,
  refusalsRight,
  privateData,
  allSettled,
  historySound,
];
