import type Docker from 'dockerode';
import { waitFor } from '../base/wait.ts';
import type { StartedDockerNode } from './machine.ts';

type Host = Pick<StartedDockerNode, 'number' | 'address' | 'docker'>;

/** Label on a swarm node with the machine's number, for placement. */
export const PLACEMENT_LABEL = 'machine';
/** The overlay's subnet: seen only inside the machines, so it is the same in every network. */
const OVERLAY_SUBNET = '10.214.0.0/22';
/** A swarm node that is silent for three times this long counts as down. */
const HEARTBEAT_NS = 1_000_000_000;

/**
 * Ended tasks that the Swarm keeps of each component, with their containers and so with their logs: a broker that comes
 * back too early ends and is replaced several times, and what went wrong is in the log of the first of many.
 */
const KEPT_TASKS = 50;

/**
 * Joins the machines into a swarm, labels the nodes and makes the attachable overlay.
 *
 * @param nodes the machines; the first makes the swarm, so it is a manager
 * @param managers numbers of the machines that manage the swarm
 * @param overlay name of the overlay network
 * @param mtu bytes of the largest packet between machines
 */
export async function formSwarm(
  nodes: readonly Host[],
  managers: readonly number[],
  overlay: string,
  mtu: number,
): Promise<void> {
  const [manager, ...others] = nodes;
  if (!manager) throw new Error('a swarm needs at least one machine, seen none');
  await manager.docker.swarmInit({
    ListenAddr: '0.0.0.0:2377',
    AdvertiseAddr: manager.address,
    DataPathAddr: manager.address,
    Spec: {
      Orchestration: { TaskHistoryRetentionLimit: KEPT_TASKS },
      Dispatcher: { HeartbeatPeriod: HEARTBEAT_NS },
    },
  });
  const { JoinTokens } = (await manager.docker.swarmInspect()) as {
    JoinTokens: { Worker: string; Manager: string };
  };
  const join = (node: Host, JoinToken: string) =>
    node.docker.swarmJoin({
      ListenAddr: '0.0.0.0:2377',
      AdvertiseAddr: node.address,
      DataPathAddr: node.address,
      RemoteAddrs: [`${manager.address}:2377`],
      JoinToken,
    });
  // One after the other: each changes the members of the managers' Raft group, which takes one change at a time.
  for (const node of others.filter(({ number }) => managers.includes(number))) {
    await join(node, JoinTokens.Manager);
  }
  await Promise.all([
    ...others
      .filter(({ number }) => !managers.includes(number))
      .map((node) => join(node, JoinTokens.Worker)),
    manager.docker.createNetwork({
      Name: overlay,
      Driver: 'overlay',
      Attachable: true,
      // The engine takes what an overlay adds to each packet off by itself.
      Options: { 'com.docker.network.driver.mtu': String(mtu) },
      IPAM: { Config: [{ Subnet: OVERLAY_SUBNET }] },
    }),
  ]);
  await labelNodes(manager.docker, nodes);
  await assertAddresses(manager, others);
}

/**
 * The manager must see the machines under their own addresses. Where it does not, a rule of the host's rewrites what
 * they send each other, and overlay packets would be dropped: the kernel discards one whose outer source is not the
 * machine that it knows for the inner one (vxlan_snoop in drivers/net/vxlan/vxlan_core.c).
 *
 * @throws Error naming the machines and both addresses
 */
export async function assertAddresses(
  manager: { readonly number: number; readonly docker: Docker },
  machines: readonly { readonly number: number; readonly address: string }[],
): Promise<void> {
  const nodes = (await manager.docker.listNodes()) as SwarmNode[];
  for (const { number, address } of machines) {
    const seen = nodes.find((n) => n.Description?.Hostname === `machine${number}`)?.Status.Addr;
    if (!seen || seen === address) continue;
    throw new Error(
      `machine ${number}: expected that machine ${manager.number} sees it as ${address}, seen ${seen}: a firewall rule of this host ` +
        'rewrites what the machines send each other, and their overlay network would drop it; ' +
        `look at: iptables -t nat -S POSTROUTING | grep ${address.replace(/\d+$/, '')}`,
    );
  }
}

/** A node that has joined tells its host name a moment later; without its label nothing would be placed on it. */
export async function labelNodes(
  manager: Docker,
  nodes: readonly { readonly number: number }[],
): Promise<void> {
  const missing = new Map(nodes.map(({ number }) => [`machine${number}`, number]));
  await waitFor(
    {
      subject: 'swarm',
      expected: 'every machine among its nodes',
      budgetMs: 30_000,
      intervalMs: 50,
    },
    async () => {
      for (const node of (await manager.listNodes()) as SwarmNode[]) {
        const host = node.Description?.Hostname ?? '';
        const number = missing.get(host);
        if (number === undefined) continue;
        await manager.getNode(node.ID).update({
          version: node.Version.Index,
          ...node.Spec,
          Labels: { [PLACEMENT_LABEL]: String(number) },
        });
        missing.delete(host);
      }
      if (missing.size > 0) throw new Error(`without ${[...missing.keys()].join(', ')}`);
      return true;
    },
  );
}

interface SwarmNode {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Role: string; readonly Availability: string };
  /** Absent until the node's agent has reported. */
  readonly Description?: { readonly Hostname?: string };
  readonly Status: { readonly State: string; readonly Addr?: string };
}

/** State of each machine as the manager sees it: `ready`, `down`, … by machine number. */
export async function machineStates(manager: Docker): Promise<Map<number, string>> {
  const nodes = (await manager.listNodes()) as (SwarmNode & {
    Spec: { Labels?: Record<string, string> };
  })[];
  return new Map(
    nodes.map((node) => [Number(node.Spec.Labels?.[PLACEMENT_LABEL] ?? 0), node.Status.State]),
  );
}
