import { broadcastConfig, configUpdateEnvelope } from '../../../fabric-client/channels.ts';
import { Connections } from '../../../fabric-client/connections.ts';
import { fetchBlock } from '../../../fabric-client/fetch.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { waitFor } from '../../base/wait.ts';
import { signingIdentity } from '../../fabric/endpoints.ts';
import {
  channelInfo,
  joinOrderer,
  ordererAdmins,
  removeOrderer,
} from '../../fabric/participation.ts';
import { consensusFolders } from '../../fabric/services/orderer.ts';
import { readConsensus } from '../../migration/consensus.ts';
import { consentersUpdate } from '../../migration/consenters-update.ts';
import { deploymentOf } from '../../network/deployment.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { hasSystemChannel } from '../../topology/releases.ts';
import { componentsOnly, runningContainer } from '../components.ts';
import {
  type ActiveFault,
  expectThat,
  type Fault,
  type FaultContext,
  type Role,
} from '../model.ts';

/** Milliseconds for an update to be in force, and for an orderer to have pulled a channel again. */
const UPDATE_MS = 30_000;
const REBUILD_MS = 60_000;
const ANSWER_MS = 5_000;

/**
 * Takes an orderer out of the channel's consenters by a change of its configuration. Healing wipes what the orderer has of
 * the channel, takes it in again, and has it join by the newest configuration, so that it pulls everything from the others.
 *
 * Where Raft orders without a system channel. Confirmed when the orderer itself says that it is no consenter any more,
 * and afterwards that it is one, with all blocks.
 */
export function evict(role: Role): Fault {
  return {
    kind: 'evict',
    text: 'evict',
    role,
    async available({ network: { topology } }) {
      const { type } = topology.ordering;
      if (type === 'raft' && !hasSystemChannel(topology)) return undefined;
      return `consenters are evicted where Raft orders without a system channel; here it is ${type}`;
    },
    async prepare(context, targets): Promise<ActiveFault> {
      const [handle, ...others] = componentsOnly('evict', targets);
      if (!handle || others.length > 0) {
        throw new Error('evict: expected one orderer, as a channel takes one change at a time');
      }
      const { name } = handle;
      const channel = memberOf(context, name);
      return {
        inject: () => channel.change('without'),
        verify: async () => {
          const relation = await channel.untilRelation('follower');
          return expectThat(relation === 'follower', `${name} is ${relation} of the channel`);
        },
        async heal() {
          // One that was never evicted must not be wiped: Raft does not bear a member that has forgotten its log.
          if (!(await channel.isMember())) {
            await channel.wipe();
            const { id } = await runningContainer(handle);
            await handle.machine.execOk([
              ...['docker', 'exec', id, 'rm', '-rf'],
              ...consensusFolders(context.channel),
            ]);
            await channel.change('with');
          }
          await channel.join();
        },
        verifyHealed: async () => {
          const { relation, height, least } = await channel.untilRebuilt();
          return expectThat(
            relation === 'consenter' && height >= least,
            `${name} is ${relation} of the channel again, with ${height} blocks where ${least} were there`,
          );
        },
      };
    },
  };
}

/** An orderer's membership of the scenario's channel, and what changes it. */
function memberOf({ network, channel, signal }: FaultContext, name: string) {
  const { topology, nodes } = network;
  const { identities } = deploymentOf(network, 'evict');
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
    change: (how: 'with' | 'without') =>
      connected(async (connections) => {
        const now = await readConsensus(connections, other, signer, channel);
        const update = consentersUpdate(now, name, how === 'with' ? certificate : undefined);
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
      }),
    isMember: () =>
      connected(async (connections) => {
        const now = await readConsensus(connections, other, signer, channel);
        return consentersUpdate(now, name, certificate) === undefined;
      }),
    untilRelation: (relation: string) =>
      until(`to be ${relation}`, UPDATE_MS, async () =>
        (await relationOf()) === relation ? relation : undefined,
      ).catch(relationOf),
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
