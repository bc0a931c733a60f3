import { waitFor } from '../../base/wait.ts';
import { consensusFolders } from '../../fabric/services/orderer.ts';
import { componentsOnly, runningContainer } from '../components.ts';
import { fixedConsenters, membershipOf } from '../membership.ts';
import { type ActiveFault, combine, expectThat, type Fault, type Role } from '../model.ts';

/** Bytes of blocks after which an orderer takes a snapshot, once a fault wants one that must be rebuilt from it. */
const SNAPSHOT_INTERVAL = 32 * 1024;
/** What an orderer says that has been given a snapshot instead of what was before it (etcd/raft, etcdraft/chain.go). */
const FROM_SNAPSHOT = /restored snapshot|Catching up with snapshot|encapsulated in snapshot/;
/** Milliseconds for a leader to find that the new member has nothing, and to send it. */
const SNAPSHOT_MS = 20_000;

export interface EvictOptions {
  /**
   * Has the others forget what they keep of before, so that it must be rebuilt from a snapshot: they take one every 32 KiB
   * of blocks from then on, in place of every 16 MiB.
   */
  readonly fromSnapshot?: boolean;
}

/**
 * Takes an orderer out of the channel's consenters by a change of its configuration. Healing wipes what the orderer has of
 * the channel, takes it in again, and has it join by the newest configuration, so that it pulls everything from the others.
 *
 * Where Raft orders without a system channel. Confirmed by the channel's configuration on another orderer: whoever is taken
 * out may never hear of it, and goes on as one that is cut off (Fabric suspects it after ten minutes). Afterwards it must
 * itself say that it is a consenter, with all blocks.
 */
export function evict(role: Role, { fromSnapshot = false }: EvictOptions = {}): Fault {
  return {
    kind: 'evict',
    text: fromSnapshot ? 'evict, to be rebuilt from a snapshot' : 'evict',
    role,
    available: async (context) => fixedConsenters(context),
    async prepare(context, targets): Promise<ActiveFault> {
      const [handle, ...others] = componentsOnly('evict', targets);
      if (!handle || others.length > 0) {
        throw new Error('evict: expected one orderer, as a channel takes one change at a time');
      }
      const { name, machine } = handle;
      const channel = membershipOf(context, name);
      let wipedAt = 0;
      const snapshotTold = async () => {
        const { id } = await runningContainer(handle);
        const since = String(Math.floor(wipedAt / 1000));
        const { stdout, stderr } = await machine.exec(['docker', 'logs', '--since', since, id]);
        return `${stdout}\n${stderr}`
          .split('\n')
          .find((line) => line.includes(`channel=${context.channel}`) && FROM_SNAPSHOT.test(line));
      };
      const rebuiltFrom = async () => {
        const wait = { subject: name, expected: 'word of a snapshot', budgetMs: SNAPSHOT_MS };
        const told = await waitFor(wait, snapshotTold).catch(() => undefined);
        const what = told?.replace(/^.* -> /, '').slice(0, 120);
        return expectThat(told !== undefined, `${name} tells of ${what ?? 'no snapshot'}`);
      };
      return {
        inject: () => channel.change(undefined, fromSnapshot ? SNAPSHOT_INTERVAL : undefined),
        verify: async () => {
          const [isMember, relation] = [await channel.isMember(), await channel.relation()];
          return expectThat(
            !isMember,
            `${name} is ${isMember ? 'still' : 'no more'} among the consenters of the channel, and takes itself for ${relation}`,
          );
        },
        async heal() {
          // One that was never evicted must not be wiped: Raft does not bear a member that has forgotten its log.
          if (!(await channel.isMember())) {
            await channel.wipe();
            const { id } = await runningContainer(handle);
            await machine.execOk([
              ...['docker', 'exec', id, 'rm', '-rf'],
              ...consensusFolders(context.channel),
            ]);
            wipedAt = Date.now();
            await channel.change(channel.certificate);
          }
          await channel.join();
        },
        verifyHealed: async () => {
          const { relation, height, least } = await channel.untilRebuilt();
          const back = expectThat(
            relation === 'consenter' && height >= least,
            `${name} is ${relation} of the channel again, with ${height} blocks where ${least} were there`,
          );
          return fromSnapshot ? combine([back, await rebuiltFrom()]) : back;
        },
      };
    },
  };
}
