import type Docker from 'dockerode';
import type { StepRecord } from '../base/progress.ts';
import type { Deployment } from './deployment.ts';
import type { Machine, Network } from './port.ts';

/** What the first transfer proved. */
export interface FirstTransfer {
  readonly block: number;
  readonly transactionId: string;
  /** Seconds from the start of the command, and how many of them went into images. */
  readonly seconds: number;
  readonly imageSeconds: number;
}

/** What another process needs in order to use a network that the harness has deployed. */
export interface DeployedState extends Deployment {
  readonly schema: 1;
  readonly name: string;
  readonly run: string;
  readonly startedAt: string;
  /** What its machines are: containers (`privileged`, `caps`), or `hosts`. */
  readonly mode: string;
  /** What served as what, e.g. `couchdb: PouchDB-based compatible server`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly standIns: Readonly<Record<string, string>>;
  readonly steps: readonly StepRecord[];
  readonly firstTransfer: FirstTransfer;
}

/** A network that the harness has deployed, on machines of its own or on hosts of the user's. */
export interface DeployedNetwork extends Network {
  readonly state: DeployedState;
  readonly deployment: Deployment;
  readonly machines: readonly DeployedMachine[];
  /** The process that the network goes with, in words, when it was found; absent once it is released. */
  readonly owner?: string;
  /** The process, in words, that tested it alone when it was found, if one did. */
  readonly user?: string;
}

export interface DeployedMachine extends Machine {
  /** The container that the machine is, or in which the harness works there. */
  readonly container: Docker.Container;
}
