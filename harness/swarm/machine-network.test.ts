import type Docker from 'dockerode';
import { createMachineNetwork } from './machine-network.ts';

/** An engine in which some subnets are taken. */
function engine(taken: (subnet: string) => boolean) {
  const tried: string[] = [];
  const createNetwork = async (options: { IPAM: { Config: { Subnet: string }[] } }) => {
    const subnet = options.IPAM.Config[0]?.Subnet ?? '';
    tried.push(subnet);
    if (taken(subnet)) throw new Error('Pool overlaps with other one on this address space');
    return { id: 'n1' };
  };
  return { docker: { createNetwork } as unknown as Docker, tried };
}

describe('createMachineNetwork', () => {
  it('takes the same free subnet for the same name, and gives machines fixed addresses', async () => {
    const { docker, tried } = engine(() => false);
    const one = await createMachineNetwork(docker, 'fabric-machines', {});
    const two = await createMachineNetwork(docker, 'fabric-machines', {});
    expect(tried[0]).toBe(tried[1]);
    expect(one.addressOf(3)).toBe(two.addressOf(3));
    expect(`${one.addressOf(3).split('.').slice(0, 3).join('.')}.0/24`).toBe(tried[0]);
    expect(one.addressOf(1)).not.toBe(one.addressOf(2));
  });

  it('goes on to the next subnet when one overlaps', async () => {
    let refusals = 2;
    const { docker, tried } = engine(() => refusals-- > 0);
    await createMachineNetwork(docker, 'x', {});
    expect(new Set(tried).size).toBe(3);
  });

  it('says so when none is free, and passes other errors on', async () => {
    await expect(createMachineNetwork(engine(() => true).docker, 'x', {})).rejects.toThrow(
      'network x: every subnet from 10.213.0.0/24 to 10.213.255.0/24 is taken',
    );
    const broken = { createNetwork: async () => Promise.reject(new Error('no space left')) };
    await expect(createMachineNetwork(broken as unknown as Docker, 'x', {})).rejects.toThrow(
      'no space left',
    );
  });
});
