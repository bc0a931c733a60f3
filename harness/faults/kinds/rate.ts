import { expectThat, type Fault, inconclusive, type Measurement, type Role } from '../model.ts';
import {
  kernelLacks,
  type NamespaceTarget,
  type TrafficFault,
  trafficFault,
} from '../namespace.ts';
import { addQueue, ownHandle, removeQueue } from '../queue.ts';

/** Length of a measurement, seconds. */
const SECONDS = 1;

/**
 * Limits how fast a component can send, to all together (a token bucket per network interface of its container).
 *
 * Confirmed by sending as fast as possible and looking at what came through.
 *
 * @param kbit kilobits a second, at least 8
 */
export function rate(role: Role, kbit: number): Fault {
  if (!(kbit >= 8)) throw new RangeError(`rate: expected at least 8 kbit/s, seen ${kbit}`);
  // The bucket must hold what comes within one tick of the kernel (4 ms), and a few whole packets.
  const burst = Math.max(16_384, Math.ceil((kbit * 1_000) / 8 / 250));
  const discipline = `tbf rate ${kbit}kbit burst ${burst} latency 50ms`;
  return {
    kind: 'rate',
    text: `rate ${kbit} kbit/s`,
    role,
    async available({ network }) {
      const [machine] = network.machines;
      const lacks =
        machine && (await kernelLacks(machine, `tc qdisc add dev lo root ${discipline}`));
      return lacks && `the kernel has no token bucket filter: ${lacks}`;
    },
    prepare: (context, targets) =>
      trafficFault(context, 'rate', targets, (target) =>
        rateOf(target, kbit, discipline, burst * 8),
      ),
  };
}

function rateOf(
  target: NamespaceTarget,
  kbit: number,
  discipline: string,
  burstBits: number,
): TrafficFault {
  const { id, name, counterpart } = target;
  const handle = ownHandle(id);
  /** What the component's network can carry now, kbit/s, and packets that the bucket refused. */
  const measure = async () => {
    const address = counterpart?.place.address;
    // An answer "port unreachable" ends the program that sends; so it is started again.
    const flood = `while :; do dd if=/dev/zero bs=1400 count=20000 > /dev/udp/${address}/9; done`;
    const output = await target.run(`
      sent() { awk -F'[: ]+' '$2 ~ /^eth/ {n+=$11} END {print n}' /proc/self/net/dev; }
      a=$(sent); s=$EPOCHREALTIME
      timeout ${SECONDS} bash -c '${flood}' 2>/dev/null
      b=$(sent); e=$EPOCHREALTIME
      echo $(((b - a) * 8000 / (\${e/./} - \${s/./})))
      tc -s qdisc show | grep -A 1 ' ${handle} dev' | sed -n 's/.*dropped \\([0-9]*\\).*overlimits \\([0-9]*\\).*/\\1 \\2/p' | awk '{n+=$1+$2} END {print n+0}'`);
    const [seen = Number.NaN, held = 0] = output.split('\n').map(Number);
    return { seen, held };
  };
  return {
    apply: async () => {
      await target.run(addQueue(handle, discipline)).catch((error: unknown) => {
        throw new Error(
          `rate: ${name} has another queueing discipline already, perhaps a delay: ${error}`,
        );
      });
    },
    undo: target.healing(removeQueue(handle)),
    verify: async (): Promise<Measurement> => {
      if (!counterpart) return inconclusive(`${name}: it reaches nobody to measure with`);
      const { seen, held } = await measure();
      const evidence = `${name}: sends ${seen} kbit/s at most, held back ${held} times`;
      const most = kbit + burstBits / 1_000 / SECONDS;
      if (held === 0 && seen <= most)
        return inconclusive(`${evidence}; that much was not enough to meet the limit`);
      return expectThat(held > 0 && seen <= 1.3 * most, evidence);
    },
    verifyHealed: async () => {
      if (!counterpart) return inconclusive(`${name}: it reaches nobody to measure with`);
      const { seen, held } = await measure();
      const evidence = `${name}: sends ${seen} kbit/s`;
      const most = 1.3 * (kbit + burstBits / 1_000 / SECONDS);
      return held === 0 && seen <= most
        ? inconclusive(`${evidence}; the measurement is not faster than the limit was`)
        : expectThat(held === 0, evidence);
    },
  };
}
