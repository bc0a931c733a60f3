import type { Settings } from '../base/settings.ts';
import { findEngine } from '../engine/engine.ts';
import { endPrivateEngine } from '../engine/private-engine.ts';
import { providerOf } from '../network/provider.ts';

/**
 * `harness down`: ends whoever starts or tests the network, removes what carries its label, and ends the private engine
 * when nothing else uses it.
 */
export async function down(settings: Settings, options: { all?: boolean }): Promise<void> {
  const provider = await providerOf(settings);
  const names = options.all ? await provider.names() : [settings.name];
  let done = 0;
  for (const name of names) {
    const { objects, ended } = await provider.remove(name, (line) => console.error(line));
    if (objects > 0)
      console.log(`network "${name}" removed (${objects} ${objects === 1 ? 'object' : 'objects'})`);
    else if (ended.length > 0)
      console.log(`network "${name}" removed by process ${ended.join(', ')}`);
    done += objects + ended.length;
  }
  if (done === 0) {
    console.log(options.all ? 'no network runs' : `no network "${settings.name}" runs`);
  }
  if (settings.swarm === 'existing') return; // whose engines are not ours
  const engine = await findEngine(process.env);
  if (engine?.kind === 'private' && (await endPrivateEngine(engine.docker))) {
    console.log('private Docker engine stopped; its images are kept');
  }
}
