import { outerMtu } from './outer-mtu.ts';

describe('outerMtu', () => {
  const line = (name: string, destination: string, mask: string) =>
    `${name}\t${destination}\t010200C0\t0003\t0\t0\t0\t${mask}\t0\t0\t0\n`;
  const routes = `Iface\n${line('vpn', '0000000A', '000000FF')}${line('eth0', '00000000', '00000000')}`;
  const mtu = (sizes: Record<string, number>, text = routes) =>
    outerMtu(text, (name: string) => sizes[name]);

  it("is that of the default route's interface, where it is smaller than usual", () => {
    expect(mtu({ eth0: 1400, vpn: 1200 })).toBe(1400);
  });

  it('is the usual one otherwise', () => {
    expect(mtu({ eth0: 9000 })).toBe(1500);
    expect(mtu({})).toBe(1500);
    expect(mtu({ eth0: 1400 }, '')).toBe(1500);
  });
});
