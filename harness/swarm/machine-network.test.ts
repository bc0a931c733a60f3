import type Docker from 'dockerode';
import { createMachineNetwork, type HostNetworking } from './machine-network.ts';

const FREE = { routes: '', rules: '-P POSTROUTING ACCEPT\n' };

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
    const one = await createMachineNetwork(docker, 'fabric-machines', {}, FREE);
    const two = await createMachineNetwork(docker, 'fabric-machines', {}, FREE);
    expect(tried[0]).toBe(tried[1]);
    expect(one.addressOf(3)).toBe(two.addressOf(3));
    expect(`${one.addressOf(3).split('.').slice(0, 3).join('.')}.0/24`).toBe(tried[0]);
    expect(one.addressOf(1)).not.toBe(one.addressOf(2));
  });

  it('goes on to the next subnet when one overlaps', async () => {
    let refusals = 2;
    const { docker, tried } = engine(() => refusals-- > 0);
    await createMachineNetwork(docker, 'x', {}, FREE);
    expect(new Set(tried).size).toBe(3);
  });

  const subnetOf = async (name: string, host: HostNetworking) => {
    const { docker, tried } = engine(() => false);
    await createMachineNetwork(docker, name, {}, host);
    return tried[0];
  };

  it('passes over what a rule of this host rewrites, such as one that a killed engine left', async () => {
    const own = (await subnetOf('x', FREE)) ?? '';
    const rule = (source: string) => ({
      ...FREE,
      rules: `-P POSTROUTING ACCEPT\n-A POSTROUTING -s ${source} ! -o br-x -j MASQUERADE\n`,
    });
    expect(await subnetOf('x', rule(own))).not.toBe(own);
    expect(await subnetOf('x', rule(own.replace('10.213', '10.21')))).toBe(own);
    expect(await subnetOf('x', rule('172.17.0.0/16'))).toBe(own);
  });

  it('passes over what this host reaches by another way, such as a bridge that a killed engine left', async () => {
    const name = 'fabric-machines';
    const routes = (destination: string, mask: string) =>
      `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n` +
      `eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n` +
      `br-x\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0\n`;
    const chosen = (text: string) => subnetOf(name, { ...FREE, routes: text });
    const own = (await chosen('')) ?? '';
    const third = Number(own.split('.')[2]);
    const hex = third.toString(16).padStart(2, '0').toUpperCase();
    expect(await chosen(routes(`00${hex}D50A`, '00FFFFFF'))).toBe(
      `10.213.${(third + 1) % 256}.0/24`,
    );
    expect(await chosen(routes(`0B${hex}D50A`, 'FFFFFFFF'))).not.toBe(own);
    expect(await chosen(routes('0000000A', '000000FF'))).toBe(own);
    expect(await chosen(routes(`00${hex}D60A`, '00FFFFFF'))).toBe(own);
    expect(await chosen('no such\ntable\n')).toBe(own);
  });

  it('has the packet size that it is told', async () => {
    const options: Record<string, string>[] = [];
    const createNetwork = async ({ Options }: { Options: Record<string, string> }) => {
      options.push(Options);
      return { id: 'n1' };
    };
    const docker = { createNetwork } as unknown as Docker;
    expect((await createMachineNetwork(docker, 'x', {}, FREE, 1400)).mtu).toBe(1400);
    expect(options).toEqual([{ 'com.docker.network.driver.mtu': '1400' }]);
  });

  it('says so when none is free, and passes other errors on', async () => {
    await expect(createMachineNetwork(engine(() => true).docker, 'x', {}, FREE)).rejects.toThrow(
      'network x: every subnet from 10.213.0.0/24 to 10.213.255.0/24 is taken',
    );
    const broken = { createNetwork: async () => Promise.reject(new Error('no space left')) };
    await expect(createMachineNetwork(broken as unknown as Docker, 'x', {}, FREE)).rejects.toThrow(
      'no space left',
    );
  });
});
