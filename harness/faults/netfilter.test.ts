import {
  applyRules,
  chainName,
  countPackets,
  inNamespace,
  parsePackets,
  removeRules,
} from './netfilter.ts';

const rules = [
  { direction: 'in', spec: '-s 10.0.0.7 -j DROP' },
  { direction: 'out', spec: '-d 10.0.0.7 -j DROP' },
] as const;

describe('packet rules', () => {
  it('go into chains of their own, and come into force with the last commands', () => {
    const [i, o] = [chainName('a', 'in'), chainName('a', 'out')];
    expect(applyRules('a', 'container', rules).split('\n')).toEqual([
      'set -e',
      `iptables -w -t filter -N ${i}`,
      `iptables -w -t filter -N ${o}`,
      `iptables -w -t filter -A ${i} -s 10.0.0.7 -j DROP`,
      `iptables -w -t filter -A ${o} -d 10.0.0.7 -j DROP`,
      `iptables -w -t filter -I INPUT -j ${i}`,
      `iptables -w -t filter -I OUTPUT -j ${o}`,
    ]);
  });

  it('of a machine come before and after everything that Docker does', () => {
    const script = applyRules('a', 'machine', rules);
    expect(script).toContain('-t raw -I PREROUTING');
    expect(script).toContain('-t mangle -I POSTROUTING');
  });

  it('are named apart for two faults, within the length that a chain may have', () => {
    expect(chainName('isolate-kafka0-1', 'in')).not.toBe(chainName('isolate-kafka0-2', 'in'));
    expect(chainName('isolate-kafka0-1', 'in')).not.toBe(chainName('isolate-kafka0-1', 'out'));
    expect(chainName('x'.repeat(200), 'in').length).toBeLessThanOrEqual(28);
  });

  it('are removed both ways, without an error where they are gone', () => {
    const script = removeRules('a', 'container');
    for (const direction of ['in', 'out'] as const) {
      const chain = chainName('a', direction);
      expect(script).toContain(`-j ${chain} 2>/dev/null; do :; done`);
      expect(script).toContain(`-X ${chain} 2>/dev/null || true`);
    }
  });

  it('are counted from what iptables prints', () => {
    expect(countPackets('a', 'container', 'DROP')).toContain('$3=="DROP"');
    expect(parsePackets('in 3 0\nout 0 12\n')).toEqual({
      in: { hit: 3, passed: 0 },
      out: { hit: 0, passed: 12 },
    });
    expect(parsePackets('')).toEqual({});
  });

  it('keep quotes when they go into a namespace', () => {
    expect(inNamespace(7, `echo 'a b'`)).toBe(`nsenter -t 7 -n sh -c 'echo '\\''a b'\\'''`);
    expect(inNamespace(undefined, 'echo')).toBe('echo');
  });
});
