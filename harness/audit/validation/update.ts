import type { Transaction } from '../../fabric/ledger/model.ts';
import type { Configuration } from '../channel/configuration.ts';
import { decodeUpdate, leaveNeeded } from '../channel/update.ts';
import type { Answers } from './answers.ts';
import type { Signatures, Signed } from './signed.ts';

/** A change of the configuration whose signatures are being verified. */
export interface PendingUpdate {
  /** What was changed, and whose leave that takes; a string says why it is not known. */
  readonly leave: readonly { readonly element: string; readonly policy: string }[] | string;
  readonly signatures: readonly Signed[];
}

/** Has the signatures of an update verified as of the configuration before it. */
export function examineUpdate(
  config: Transaction,
  before: Configuration,
  after: Configuration,
  channel: string,
  signed: Signatures,
): PendingUpdate {
  try {
    const update = decodeUpdate(config.parts.lastUpdate ?? Buffer.alloc(0));
    return {
      leave: leaveNeeded(update, before, after, channel),
      signatures: update.signatures.map((each) => signed.add(each, before)),
    };
  } catch (error) {
    return { leave: `its update cannot be read: ${(error as Error).message}`, signatures: [] };
  }
}

/** What is wrong with an update, if anything is. */
export function faultOfUpdate(
  { leave, signatures }: PendingUpdate,
  configuration: Configuration,
  signed: Signatures,
  answers: Answers,
): string | undefined {
  if (typeof leave === 'string') return leave;
  const right = signed.signers(signatures);
  for (const { element, policy: path } of leave) {
    const policy = configuration.policy(path);
    if (policy && answers.satisfied(policy, right)) continue;
    const who = signatures.map((each) => signed.inWords(each)).join('; ') || 'nobody signed';
    return `${path} does not give leave to change ${element}: ${who}`;
  }
  return undefined;
}
