import { createHash } from 'node:crypto';
import type Docker from 'dockerode';

/** The plain bridge that the machines stand on: what a switch is to real ones. */
export interface MachineNetwork {
  readonly id: string;
  readonly name: string;
  /** Address of a machine: fixed, so that a machine that was lost comes back at the same place. */
  addressOf(machine: number): string;
}

/** First two octets of the machines' subnets; the third is chosen by name, and by what is free. */
const PREFIX = '10.213';

/**
 * Makes the machines' network with a subnet of its own; an engine only gives fixed addresses in such ones.
 *
 * @param name the network's name
 * @throws Error when 256 subnets are taken
 */
export async function createMachineNetwork(
  docker: Docker,
  name: string,
  labels: Record<string, string>,
): Promise<MachineNetwork> {
  const first = createHash('sha256').update(name).digest().readUInt8(0);
  for (let i = 0; i < 256; i++) {
    const subnet = `${PREFIX}.${(first + i) % 256}`;
    try {
      const network = await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: labels,
        IPAM: { Config: [{ Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }] },
      });
      return { id: network.id, name, addressOf: (machine) => `${subnet}.${10 + machine}` };
    } catch (error) {
      if (!/overlaps/i.test(String(error))) throw error;
    }
  }
  throw new Error(
    `network ${name}: every subnet from ${PREFIX}.0.0/24 to ${PREFIX}.255.0/24 is taken`,
  );
}
