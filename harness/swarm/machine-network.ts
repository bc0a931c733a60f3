import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { outerMtu, routeTable } from '../engine/outer-mtu.ts';

/** The plain bridge that the machines stand on: what a switch is to real ones. */
export interface MachineNetwork {
  readonly id: string;
  readonly name: string;
  /** Bytes of the largest packet; that of the host's way out, since machines fetch packages and images. */
  readonly mtu: number;
  /** Address of a machine: fixed, so that a machine that was lost comes back at the same place. */
  addressOf(machine: number): string;
}

/** First two octets of the machines' subnets; the third is chosen by name, and by what is free. */
const PREFIX = '10.213';

/**
 * Makes the machines' network with a subnet of its own; an engine only gives fixed addresses in such ones.
 *
 * An engine refuses a subnet that one of its own networks has, but it does not see what else this host has to do with
 * it, and such subnets are passed over: a route (a second engine's bridge, one that a killed engine left, a VPN) would
 * win over the new bridge's, and no machine would ever answer; a rule that rewrites source addresses, which a killed
 * engine leaves as well, makes machines drop each other's overlay packets.
 *
 * @param name the network's name
 * @param host this host's routes, as /proc/net/route prints them, and its rules, as `iptables -t nat -S` does
 * @param mtu bytes of the largest packet on this host's way out
 * @throws Error when 256 subnets are taken
 */
export async function createMachineNetwork(
  docker: Docker,
  name: string,
  labels: Record<string, string>,
  host?: HostNetworking,
  mtu = outerMtu(),
): Promise<MachineNetwork> {
  const first = createHash('sha256').update(name).digest().readUInt8(0);
  const { routes, rules } = host ?? (await hostNetworking());
  const taken = new Set([...thirdOctetsRouted(routes), ...thirdOctetsRewritten(rules)]);
  for (let i = 0; i < 256; i++) {
    const third = (first + i) % 256;
    if (taken.has(third)) continue;
    const subnet = `${PREFIX}.${third}`;
    try {
      const network = await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: labels,
        Options: { 'com.docker.network.driver.mtu': String(mtu) },
        IPAM: { Config: [{ Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }] },
      });
      return { id: network.id, name, mtu, addressOf: (machine) => `${subnet}.${10 + machine}` };
    } catch (error) {
      if (!/overlaps/i.test(String(error))) throw error;
    }
  }
  throw new Error(
    `network ${name}: every subnet from ${PREFIX}.0.0/24 to ${PREFIX}.255.0/24 is taken`,
  );
}

/** What this host does with packets, in the kernel's and iptables' own words. */
export interface HostNetworking {
  readonly routes: string;
  readonly rules: string;
}

/** Empty texts where there is no such table (macOS), or no right to read it: then only the engine's own word counts. */
async function hostNetworking(): Promise<HostNetworking> {
  const rules = promisify(execFile)('iptables', ['-t', 'nat', '-S', 'POSTROUTING']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return { routes: routeTable(), rules: await rules };
}

/** Third octets X for which a rule names 10.213.X.0/24 as source. */
function thirdOctetsRewritten(rules: string): number[] {
  return [...rules.matchAll(/-s (\d+\.\d+)\.(\d+)\.\d+\/24 /g)].flatMap(([, prefix, third]) =>
    prefix === PREFIX ? [Number(third)] : [],
  );
}

/**
 * Third octets X for which 10.213.X.0/24 has a route within it already. Wider routes (the default one, a VPN's 10/8)
 * don't count: the bridge's own is longer, so it wins.
 *
 * @param routes lines of "interface destination gateway ... mask", numbers as hexadecimal in host byte order, as
 *   written by the kernel's net/ipv4/fib_trie.c, fib_route_seq_show; a little-endian machine is assumed
 */
function thirdOctetsRouted(routes: string): Set<number> {
  const octets = new Set<number>();
  for (const line of routes.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [destination, mask] = [fields[1], fields[7]].map((hex) =>
      Buffer.from(hex ?? '', 'hex').reverse(),
    );
    if (destination?.length !== 4 || mask?.length !== 4) continue;
    if (`${destination[0]}.${destination[1]}` === PREFIX && mask[2] === 255)
      octets.add(destination.readUInt8(2));
  }
  return octets;
}
