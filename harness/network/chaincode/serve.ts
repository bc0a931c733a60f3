import type Docker from 'dockerode';
import type { Progress } from '../../base/progress.ts';
import type { Identities } from '../../fabric/identities/identities.ts';
import { required } from '../../swarm/service-parts.ts';
import { chaincodeServiceName } from '../../topology/components.ts';
import type { Topology } from '../../topology/schema.ts';
import type { Machine } from '../port.ts';
import type { OwnChaincode } from './own-chaincode.ts';
import { type Prepared, prepareChaincode } from './prepare.ts';
import { provideChaincodeImage } from './provide-image.ts';
import type { Servable } from './servable.ts';
import { tryChaincode } from './trial.ts';

export interface ServeOptions {
  /** The engine that the machines run in. */
  readonly outer: Docker;
  readonly cacheDir: string;
  /** Folder for the logs of builds. */
  readonly logsFolder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** The host's part of bringing users' chaincode in: it needs no machine, so it begins before there is one. */
export function prepareChaincodes(
  chaincodes: readonly OwnChaincode[],
  { progress, ...options }: ServeOptions,
): Promise<Prepared[]> {
  const preparing = Promise.all(
    chaincodes.map((chaincode) =>
      progress.step(`build chaincode ${chaincode.name}`, () =>
        prepareChaincode(chaincode, {
          ...options,
          log: buildLog(options, chaincode.name),
          notice: progress.say,
        }),
      ),
    ),
  );
  preparing.catch(() => undefined); // whoever awaits it is told
  return preparing;
}

/**
 * The machines' part: the image in each that has a peer, and a trial in the first.
 *
 * @param making the network's identities; the trial serves with the first peer's certificate
 * @throws ImageBuildError when a build fails, Error when the chaincode does not serve
 */
export async function makeServable(
  prepared: Prepared,
  machines: readonly Machine[],
  topology: Topology,
  making: Promise<Identities>,
  { progress, ...options }: ServeOptions,
): Promise<Servable> {
  const { name, origin, hash } = prepared;
  const log = buildLog(options, name);
  const image = await progress.step(`image of chaincode ${name}`, () =>
    provideChaincodeImage(prepared, {
      ...{ ...options, log, notice: progress.say },
      machines: serving(machines, topology),
    }),
  );
  const identities = await making;
  const [organisation] = topology.organisations;
  const peer = organisation?.peers[0];
  const [machine] = machines;
  if (!organisation || !peer || !machine) throw new Error('topology: expected a peer, seen none');
  const { servers, mspId } = required(identities.organisations, organisation.name, 'identities');
  const certificate = required(servers, chaincodeServiceName(name, peer.name), 'TLS certificate');
  const { signal } = options;
  const spoken = await progress.step(`try chaincode ${name}`, () =>
    tryChaincode({ name, image, machine, certificate, mspId, signal }),
  );
  return { name, image, ...spoken, origin, hash };
}

/** The first machine, where images are built and tried, and those that servers will run on. */
export function serving<M extends Pick<Machine, 'number'>>(
  machines: readonly M[],
  { organisations }: Pick<Topology, 'organisations'>,
): M[] {
  const peers = new Set(organisations.flatMap((o) => o.peers.map(({ machine }) => machine)));
  return machines.filter((machine, index) => index === 0 || peers.has(machine.number));
}

const buildLog = ({ logsFolder }: Pick<ServeOptions, 'logsFolder'>, name: string) =>
  `${logsFolder}/chaincode-${name}.log`;
