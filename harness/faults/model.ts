import { messageOf } from '../base/errors.ts';
import type { ComponentHandle, Network } from '../network/port.ts';
import type { Guard } from './guard.ts';

/**
 * A fault's life: resolve its role to targets, inject, verify by measurement, heal, verify healed. The heal is
 * registered before the injection, and a fault that cannot be confirmed fails the scenario.
 */

/** Whether a measurement showed what it should. */
export type Confirmation = 'confirmed' | 'not-confirmed' | 'inconclusive';

export interface Measurement {
  readonly confirmation: Confirmation;
  /** What was measured, in one line. */
  readonly evidence: string;
}

/** What a fault works on: components, whole machines, or what an author's commands reach. */
export type Target =
  | { readonly type: 'component'; readonly handle: ComponentHandle }
  | { readonly type: 'machine'; readonly number: number }
  /** What only the author's commands reach. */
  | { readonly type: 'named'; readonly name: string };

export function targetName(target: Target): string {
  if (target.type === 'named') return target.name;
  return target.type === 'component' ? target.handle.name : `machine${target.number}`;
}

/** A way of naming targets that is resolved when the fault is injected, e.g. the leader of a channel's topic. */
export interface Role {
  /** As the author wrote it, e.g. `kafka.leader('mychannel')`. */
  readonly text: string;
  /** @throws Error when nothing has the role now */
  resolve(context: FaultContext): Promise<readonly Target[]>;
}

export interface FaultContext {
  readonly network: Network;
  /** Undoes faults inside machines, should this process die. */
  readonly guard: Guard;
  /** The channel that the scenario works on; roles that need one use it unless told another. */
  readonly channel: string;
  /** Milliseconds of the run's monotonic clock. */
  readonly now: () => number;
  /** A number in [0, 1) from the run's seed. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Told of each transaction that a fault itself sends to the scenario's channel, before it does. */
  readonly submits?: (transactionId: string) => void;
  /** Told of each change of the configuration of the scenario's channel that a fault makes, once it is in force. */
  readonly configures?: () => void;
}

/** A fault that has taken its targets and may be in force. */
export interface ActiveFault {
  /**
   * Puts it in force. Must be undone by {@link heal} however far it came.
   *
   * @throws Error when it could not be put in force
   */
  inject(): Promise<void>;
  verify(): Promise<Measurement>;
  /** Idempotent; safe to call when `inject` never ran or failed half-way. */
  heal(): Promise<void>;
  verifyHealed(): Promise<Measurement>;
}

/** A kind of fault with its parameters and the role that it aims at. */
export interface Fault {
  /** E.g. `crash`, `isolate`. */
  readonly kind: string;
  /** Kind and parameters, e.g. `loss 20 %`. */
  readonly text: string;
  readonly role: Role;
  /** Why it cannot be done here (a missing kernel feature, …), or `undefined`. */
  available(context: FaultContext): Promise<string | undefined>;
  /** Prepares it for the resolved targets; nothing is changed yet. */
  prepare(context: FaultContext, targets: readonly Target[]): Promise<ActiveFault>;
}

/** Several as one: all are tried, whatever becomes of the others, so that none is half-way when another has failed. */
export function together(parts: readonly ActiveFault[]): ActiveFault {
  const each = async (act: (part: ActiveFault) => Promise<void>) => {
    const failures = (await Promise.allSettled(parts.map(act))).flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    if (failures.length === 0) return;
    throw new Error(failures.map(messageOf).join('; '), { cause: failures[0] });
  };
  const measure = async (look: (part: ActiveFault) => Promise<Measurement>) =>
    combine(await Promise.all(parts.map((part) => look(part).catch(unmeasured))));
  return {
    inject: () => each((part) => part.inject()),
    verify: () => measure((part) => part.verify()),
    heal: () => each((part) => part.heal()),
    verifyHealed: () => measure((part) => part.verifyHealed()),
  };
}

/** A measurement that could not be made says nothing either way. */
export const unmeasured = (reason: unknown): Measurement => inconclusive(messageOf(reason));

export const inconclusive = (evidence: string): Measurement => ({
  confirmation: 'inconclusive',
  evidence,
});
/** What was in force in a container ended with it, and its successor never had it. */
export const replaced = (name: string): Measurement =>
  inconclusive(`${name} has been replaced meanwhile, and the fault ended with the old container`);

export const confirmed = (evidence: string): Measurement => ({
  confirmation: 'confirmed',
  evidence,
});
/** Confirmed if what was measured is what was expected. */
export const expectThat = (met: boolean, evidence: string): Measurement =>
  met ? confirmed(evidence) : notConfirmed(evidence);
export const notConfirmed = (evidence: string): Measurement => ({
  confirmation: 'not-confirmed',
  evidence,
});

/** Several measurements as one: the worst counts. */
export function combine(measurements: readonly Measurement[]): Measurement {
  const order: Confirmation[] = ['not-confirmed', 'inconclusive', 'confirmed'];
  const worst = order.find((c) => measurements.some((m) => m.confirmation === c));
  return {
    confirmation: worst ?? 'not-confirmed',
    evidence: measurements.map((m) => m.evidence).join('; ') || 'nothing was measured',
  };
}
