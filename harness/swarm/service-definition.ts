/** What a component needs to run, in the words of no particular engine; the deployer turns it into a Swarm service. */
export interface ServiceDefinition {
  /** The component's name and DNS name on the overlay, e.g. `peer0.org1`. */
  readonly name: string;
  /** Further DNS name on the overlay, which several components may share: it has the addresses of all that are healthy. */
  readonly alias?: string;
  /** Image by its name in the image plan, e.g. `fabric`. */
  readonly image: string;
  /** Number of the machine that it runs on. */
  readonly machine: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Replaces the image's entry point. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly files?: readonly ServiceFile[];
  readonly volumes?: readonly { readonly name: string; readonly path: string }[];
  /** Ports of the component that its machine publishes (host mode). */
  readonly ports?: readonly { readonly host: number; readonly container: number }[];
  readonly health?: HealthCheck;
  /** Between SIGTERM and SIGKILL; 2 s unless told. */
  readonly stopGracePeriodMs?: number;
  readonly limits?: { readonly memoryBytes?: number; readonly cpus?: number };
  /** Put an init process before the command, for programs that don't handle signals as PID 1. */
  readonly init?: boolean;
  readonly user?: string;
}

/** A file in the component's container: a Swarm secret (private keys, passwords) or a Swarm config. */
export interface ServiceFile {
  /** Absolute path in the container. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly secret: boolean;
  /** 0400 for secrets and 0444 for configs unless told. */
  readonly mode?: number;
}

export interface HealthCheck {
  /** As Docker has it: `['CMD', …]` or `['CMD-SHELL', …]`. */
  readonly test: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  /** Interval while starting: a Swarm task is in DNS only once it is healthy. */
  readonly startIntervalMs: number;
}
