import type { Settings } from '../base/settings.ts';
import { findEngine } from '../engine/engine.ts';
import { stopPrivateEngineIfIdle } from '../engine/private-engine.ts';
import { networkNames, removeObjects } from '../network/machines/objects.ts';

/** `harness down`: removes what carries the network's label, and ends the private engine when nothing else uses it. */
export async function down(settings: Settings, options: { all?: boolean }): Promise<void> {
  const engine = await findEngine(process.env);
  const names = !engine ? [] : options.all ? await networkNames(engine.docker) : [settings.name];
  let removed = 0;
  for (const name of names) {
    const count = engine ? await removeObjects(engine.docker, name) : 0;
    if (count > 0)
      console.log(`network "${name}" removed (${count} ${count === 1 ? 'object' : 'objects'})`);
    removed += count;
  }
  if (removed === 0) {
    console.log(options.all ? 'no network runs' : `no network "${settings.name}" runs`);
  }
  if (engine?.kind === 'private' && (await stopPrivateEngineIfIdle(engine.docker))) {
    console.log('private Docker engine stopped; its images are kept');
  }
}
