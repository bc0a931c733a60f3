import { broadcastConfig, configUpdateEnvelope } from '../../fabric-client/channels.ts';
import { Connections } from '../../fabric-client/connections.ts';
import { fetchBlock } from '../../fabric-client/fetch.ts';
import { createSigner } from '../../fabric-client/signer.ts';
import { waitFor } from '../base/wait.ts';
import { signingIdentity } from '../fabric/endpoints.ts';
import { channelInfo, joinOrderer, ordererAdmins, removeOrderer } from '../fabric/participation.ts';
import { readConsensus } from '../migration/consensus.ts';
import { consentersUpdate } from '../migration/consenters-update.ts';
import { deploymentOf } from '../network/deployment.ts';
import { addressesOf } from '../topology/addresses.ts';
import { hasSystemChannel } from '../topology/releases.ts';
import type { FaultContext } from './model.ts';

/** Milliseconds for an update to be in force, and for an orderer to have pulled a channel again. */
const UPDATE_MS = 30_000;
const REBUILD_MS = 60_000;
const ANSWER_MS = 5_000;

/** Why consenters of a network's channels cannot be changed, or `undefined`. */
export function fixedConsenters({ network: { topology } }: FaultContext): string | undefined {
  const { type } = topology.ordering;
  if (type === 'raft' && !hasSystemChannel(topology)) return undefined;
  return `consenters are changed where Raft orders without a system channel; here it is ${type}`;
}

/** An orderer's membership of the scenario's channel, and what changes it. */
export function membershipOf({ network, channel, signal, configures }: FaultContext, name: string) {
  const { topology, nodes } = network;
  const { identities } = deploymentOf(network, 'consenters');
  const signer = createSigner(signingIdentity(identities.orderer, identities.orderer.admin));
  const admins = ordererAdmins(topology, identities, addressesOf(network.machines));
  const admin = admins.find((one) => one.name === name);
  const others = nodes.orderers.filter((orderer) => orderer.name !== name);
  const certificate = identities.orderer.nodes[name]?.tls.certificate;
  const [other] = others;
  if (!admin || !other || !certificate) {
    throw new Error(`${name}: expected an orderer among others, with an admin listener`);
  }
  const connected = async <T>(work: (connections: Connections) => Promise<T>) => {
    using connections = new Connections();
    return await work(connections);
  };
  const relationOf = async () =>
    (await channelInfo(admin, channel).catch(() => undefined))?.consensusRelation ?? 'no member';
  const until = <T>(expected: string, budgetMs: number, look: () => Promise<T | undefined>) =>
    waitFor({ subject: name, expected, budgetMs, lookAt: `harness logs ${name}`, signal }, look);
  return {
    /** By which the network was made with it. */
    certificate,
    /** Has the channel know it by a certificate, or not at all. */
    change: (as: string | undefined, snapshotInterval?: number) =>
      connected(async (connections) => {
        const now = await readConsensus(connections, other, signer, channel);
        const update = consentersUpdate(now, name, as, snapshotInterval);
        if (update === undefined) return;
        await broadcastConfig({
          connections,
          orderers: others,
          channel,
          envelope: () => configUpdateEnvelope(channel, update, [signer]),
          budgetMs: UPDATE_MS,
        });
        await until('the changed configuration', UPDATE_MS, async () => {
          const { configBlock } = await readConsensus(connections, other, signer, channel);
          return configBlock > now.configBlock ? true : undefined;
        });
        configures?.();
      }),
    isMember: () =>
      connected(async (connections) => {
        const now = await readConsensus(connections, other, signer, channel);
        return consentersUpdate(now, name, certificate) === undefined;
      }),
    relation: relationOf,
    wipe: () => removeOrderer(admin, channel),
    join: () =>
      connected(async (connections) => {
        const { configBlock } = await readConsensus(connections, other, signer, channel);
        const seek = { kind: 'orderer', channel, start: configBlock } as const;
        const block = await fetchBlock(connections, other, signer, seek, ANSWER_MS);
        await joinOrderer(admin, channel, block, UPDATE_MS);
      }),
    async untilRebuilt() {
      const known = admins.find((one) => one.name === other.name) ?? admin;
      const { height: least } = await channelInfo(known, channel);
      const info = () => channelInfo(admin, channel);
      const rebuilt = await until(`${least} blocks`, REBUILD_MS, async () => {
        const seen = await info();
        return seen.status === 'active' && seen.height >= least ? seen : undefined;
      }).catch(info);
      return { relation: rebuilt.consensusRelation, height: rebuilt.height, least };
    },
  };
}
