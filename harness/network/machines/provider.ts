import type { Settings } from '../../base/settings.ts';
import { findEngine } from '../../engine/engine.ts';
import type { Provider } from '../provider.ts';
import { findNetwork } from './network.ts';

/** Networks on machines that the harness starts. What makes and removes them is loaded by who does that. */
export function machinesProvider(settings: Settings): Provider {
  const engine = () => findEngine(process.env);
  return {
    preflight: async (options) => {
      const { preflight } = await import('./preflight.ts');
      return preflight(settings, options);
    },
    provide: async (...given) => {
      const { provideNetwork } = await import('./provide.ts');
      return provideNetwork(...given);
    },
    provideAlone: async (...given) => {
      const { provideAlone } = await import('./provide.ts');
      return provideAlone(...given);
    },
    find: async (name) => {
      const found = await engine();
      return found && findNetwork(found.docker, name);
    },
    names: async () => {
      const { networkNames } = await import('./objects.ts');
      const found = await engine();
      return found ? networkNames(found.docker) : [];
    },
    remove: async (...given) => {
      const { removeNetwork } = await import('./remove-network.ts');
      return removeNetwork(...given);
    },
  };
}
