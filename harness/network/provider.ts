import type { Settings } from '../base/settings.ts';
import type { Topology } from '../topology/schema.ts';
import type { OwnChaincode } from './chaincode/own-chaincode.ts';
import type { DeployedNetwork } from './deployed.ts';
import type { ProvideOptions } from './machines/provide.ts';
import type { Removed } from './machines/remove-network.ts';

export interface PreflightOptions extends Pick<ProvideOptions, 'progress'> {
  readonly signal: AbortSignal;
  /** For commands that only use a network which runs: then nothing more is asked of its machines. */
  readonly running?: 'fine';
  readonly ownChaincodes?: readonly OwnChaincode[];
}

/** A network that was there already, or one that was brought up now. */
export type Provided =
  | {
      readonly kind: 'running';
      readonly engine: { readonly host: string };
      readonly network: DeployedNetwork;
      /** Machines of it had stopped and were started again. */
      readonly revived?: true;
      /** Users' chaincodes that it had not, or had in another build. */
      readonly broughtIn?: readonly string[];
    }
  | {
      readonly kind: 'new';
      readonly engine: { readonly host: string };
      readonly network: DeployedNetwork;
      /** Lets the network outlive this process. */
      release(): Promise<void>;
      /** Removes everything. */
      remove(): Promise<void>;
    };

/** A network that nobody else tests until `done`. */
export type ProvidedAlone = Provided & { done(): Promise<void> };

/** Who makes networks that the harness deploys, and where. */
export interface Provider {
  /**
   * Everything that can be wrong with the input, and with what the network would run on, before anything is deployed.
   *
   * @throws UsageError
   */
  preflight(options: PreflightOptions): Promise<Topology>;
  /** The network of the settings: the one that runs, or a new one. */
  provide(topology: Topology, options: ProvideOptions): Promise<Provided>;
  /** {@link provide}, for one who must have the network to himself. */
  provideAlone(topology: Topology, options: ProvideOptions): Promise<ProvidedAlone>;
  /** The network of a name; `'incomplete'` when there are parts of one that never came up. */
  find(name: string): Promise<DeployedNetwork | 'incomplete' | undefined>;
  /** Names of all networks that have anything there. */
  names(): Promise<string[]>;
  /** Removes the network of a name and whatever belongs to it; who uses it is told to end first. */
  remove(name: string, say: (line: string) => void): Promise<Removed>;
}

/** The provider that the settings name. */
export async function providerOf(settings: Settings): Promise<Provider>;
/** {@link providerOf}, for one who only looks for a network. */
export async function providerOf(
  settings: Pick<Settings, 'name' | 'swarm' | 'hosts'>,
): Promise<Pick<Provider, 'find'>>;
export async function providerOf(
  given: Pick<Settings, 'name' | 'swarm' | 'hosts'>,
): Promise<Provider> {
  const settings = given as Settings;
  if (settings.swarm === 'existing') {
    const { hostsProvider } = await import('./hosts/provider.ts');
    return hostsProvider(settings, process.env);
  }
  const { machinesProvider } = await import('./machines/provider.ts');
  return machinesProvider(settings);
}
