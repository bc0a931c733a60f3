import { expectThat, type Fault, inconclusive, notConfirmed, type Role } from '../model.ts';
import {
  kernelLacks,
  type NamespaceTarget,
  type TrafficFault,
  trafficFault,
} from '../namespace.ts';
import {
  applyRules,
  countPackets,
  type Direction,
  type PacketCount,
  parsePackets,
  removeRules,
} from '../netfilter.ts';

/** UDP's discard service: nobody listens there, and nobody minds. */
const DISCARD = 9;
const DIRECTIONS: readonly Direction[] = ['in', 'out'];

/**
 * Loses a share of the packets that a component receives, and of those that it sends.
 *
 * Confirmed by sending datagrams both ways and counting in the kernel how many were dropped.
 *
 * @param percent more than 0, at most 100
 */
export function loss(role: Role, percent: number): Fault {
  if (!(percent > 0 && percent <= 100))
    throw new RangeError(`loss: expected more than 0 and at most 100 %, seen ${percent}`);
  const drop = `-m statistic --mode random --probability ${percent / 100} -j DROP`;
  return {
    kind: 'loss',
    text: `loss ${percent} %`,
    role,
    async available({ network }) {
      const [machine] = network.machines;
      const lacks = machine && (await kernelLacks(machine, `iptables -w -A INPUT ${drop}`));
      return lacks && `the kernel has no random packet match: ${lacks}`;
    },
    prepare: (context, targets) =>
      trafficFault(context, 'loss', targets, (target) => lossOf(target, percent / 100, drop)),
  };
}

function lossOf(target: NamespaceTarget, share: number, drop: string): TrafficFault {
  const { id, name, counterpart } = target;
  const rules = DIRECTIONS.flatMap((direction) => {
    const device = direction === 'in' ? '! -i lo' : '! -o lo';
    return [drop, '-j RETURN'].map((verdict) => ({ direction, spec: `${device} ${verdict}` }));
  });
  const packets = async () => parsePackets(await target.run(countPackets(id, 'container', 'DROP')));
  return {
    apply: async () => {
      await target.run(applyRules(id, 'container', rules));
    },
    undo: target.healing(removeRules(id, 'container')),
    verify: async () => {
      if (!counterpart) return inconclusive(`${name}: it reaches nobody to measure with`);
      const count = Math.min(2_000, Math.max(100, Math.ceil(40 / share)));
      const send = (address: string) =>
        `for i in {1..${count}}; do echo > /dev/udp/${address}/${DISCARD}; done 2>/dev/null; true`;
      await Promise.all([
        target.run(send(counterpart.place.address)),
        counterpart.run(send(counterpart.target)),
      ]);
      const counts = await packets();
      const evidence = DIRECTIONS.map((d) => `${describe(counts[d])} ${d}`).join(', ');
      const as = DIRECTIONS.every((d) => isShare(counts[d], share));
      return expectThat(as, `${name}: packets dropped: ${evidence}`);
    },
    verifyHealed: async () => {
      if (Object.keys(await packets()).length > 0)
        return notConfirmed(`${name}: rules are still there`);
      return expectThat(true, `${name}: no rules`);
    },
  };
}

const describe = (count: PacketCount | undefined): string => {
  if (!count) return 'no rules';
  const total = count.hit + count.passed;
  return `${count.hit} of ${total} (${((100 * count.hit) / Math.max(1, total)).toFixed(1)} %)`;
};

/** Whether a count fits a share: within four standard deviations of the binomial distribution, and not none. */
export function isShare(count: PacketCount | undefined, share: number): boolean {
  const total = count ? count.hit + count.passed : 0;
  if (!count || count.hit === 0) return false;
  const deviation = Math.sqrt((share * (1 - share)) / total);
  return Math.abs(count.hit / total - share) <= 4 * deviation + 1e-9;
}
