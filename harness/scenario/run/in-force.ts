import { messageOf } from '../../base/errors.ts';
import {
  combine,
  type Fault,
  type FaultContext,
  type Measurement,
  notConfirmed,
  type Target,
  targetName,
  unmeasured,
} from '../../faults/model.ts';
import type { FaultResult } from '../../report/model.ts';

export interface InForce {
  readonly result: FaultResult;
  /** What the work threw, if it did. */
  readonly failure?: unknown;
}

/**
 * Does some work while a fault is in force: resolve, inject, verify, work, heal, verify healed. The work is not begun
 * when the fault cannot be confirmed. Never throws for what fault or work do.
 */
export async function whileInForce(
  context: FaultContext,
  fault: Fault,
  work: () => Promise<void>,
): Promise<InForce> {
  let targets: readonly Target[] = [];
  const describe = () => ({
    kind: fault.kind,
    role: fault.role.text,
    targets: targets.map(targetName),
    ...machineOf(targets),
    injectedAt,
  });
  let injectedAt = context.now();
  let active: Awaited<ReturnType<Fault['prepare']>>;
  try {
    const reason = await fault.available(context);
    if (reason !== undefined) throw new Error(`${fault.text} cannot be done here: ${reason}`);
    targets = await fault.role.resolve(context);
    active = await fault.prepare(context, targets);
  } catch (error) {
    const { confirmation, evidence } = notConfirmed(messageOf(error));
    return { result: { ...describe(), healedAt: null, confirmation, evidence } };
  }
  injectedAt = context.now();
  let verifiedAt: number | undefined;
  let failure: unknown;
  let effect: Measurement;
  try {
    await active.inject();
    effect = await active.verify().catch(unmeasured);
  } catch (error) {
    effect = notConfirmed(messageOf(error));
  }
  if (effect.confirmation === 'confirmed') {
    verifiedAt = context.now();
    try {
      await work();
    } catch (error) {
      failure = error;
    }
  }
  let healedAt: number | null = null;
  let absence: Measurement;
  try {
    await active.heal();
    healedAt = context.now();
    absence = await active.verifyHealed().catch(unmeasured);
  } catch (error) {
    absence = notConfirmed(`could not be healed: ${messageOf(error)}`);
  }
  const { confirmation } = combine([effect, absence]);
  const result: FaultResult = {
    ...describe(),
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    healedAt,
    ...(absence.confirmation === 'confirmed' ? { healVerifiedAt: context.now() } : {}),
    confirmation,
    evidence: `${effect.evidence}; after the heal: ${absence.evidence}`,
  };
  return failure === undefined ? { result } : { result, failure };
}

function machineOf(targets: readonly Target[]): { machine?: number } {
  const machines = new Set(
    targets.map((t) => (t.type === 'machine' ? t.number : t.handle.machine.number)),
  );
  const [machine] = machines;
  return machines.size === 1 && machine !== undefined ? { machine } : {};
}
