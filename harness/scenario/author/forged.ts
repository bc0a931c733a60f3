import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { readScenario } from '../../audit/evidence.ts';
import { judge } from '../../audit/judge.ts';
import { declaredFacts } from '../evidence/facts.ts';
import { update } from '../run/declared.ts';
import { runScenario } from '../run/run-scenario.ts';
import type { Session } from '../session.ts';
import { controlFacts } from './control.ts';
import type { ScenarioDefinition } from './definition.ts';
import { declare } from './scenario.ts';

/** A run without a defect, once it has been. */
export interface SoundRun {
  readonly definition: ScenarioDefinition;
  /** Its evidence, and the channel that it is of. */
  left?: { readonly folder: string; readonly channel: string };
}

/**
 * Declares a scenario without a planted defect: it must be green, and what it leaves is what {@link forged} controls
 * change. One run serves them all, so that each is red for its change alone.
 */
export function sound(name: string, definition: ScenarioDefinition): SoundRun {
  const run: SoundRun = { definition };
  declare(name, declaredFacts(definition), async (session, place) => {
    const result = await runScenario(session, definition, place);
    const folder = path.join(session.runFolder, place.folder);
    if (result.status === 'passed') run.left = { folder, channel: place.channel };
    return result;
  });
  return run;
}

/** A change to what a sound run has left. */
export interface Forgery {
  readonly of: SoundRun;
  /** Changes the evidence in a folder. */
  readonly edit: (folder: string, channel: string) => void;
  /** The problem that must be among those reported. */
  readonly because: RegExp;
}

/** Declares a negative control on a copy of a sound run's evidence: what a component that lies would have told. */
export function forged(name: string, { of, edit, because }: Forgery): void {
  const facts = { ...declaredFacts(of.definition), ...controlFacts(because) };
  declare(name, facts, async (session, place) => {
    const { left } = of;
    if (!left) throw new Error(`${name}: expected a sound run before it, seen none that passed`);
    const folder = path.join(session.runFolder, place.folder);
    takeEvidence(session, left.folder, place);
    edit(folder, left.channel);
    return judge(folder);
  });
}

/** Takes over a run's evidence; what the scenario is called and where it stands stay its own. */
export function takeEvidence(
  { runFolder }: Pick<Session, 'runFolder'>,
  from: string,
  place: { readonly folder: string },
): void {
  const folder = path.join(runFolder, place.folder);
  const own = readScenario(folder);
  cpSync(from, folder, { recursive: true });
  rmSync(path.join(folder, 'result.json'), { force: true });
  const { name, source, begunAt, control, place: stands } = own;
  update(runFolder, place, {
    ...{ name, ...(stands && { place: stands }), ...(control && { control }) },
    ...(source !== undefined && { source }),
    ...(begunAt !== undefined && { begunAt }),
  });
}
