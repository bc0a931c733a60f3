import { createHash } from 'node:crypto';
import {
  expectThat,
  type Fault,
  type FaultContext,
  inconclusive,
  type Measurement,
  type Role,
} from '../model.ts';
import {
  connectMs,
  kernelLacks,
  type NamespaceTarget,
  type TrafficFault,
  trafficFault,
} from '../namespace.ts';
import { applyRules, inNamespace, removeRules } from '../netfilter.ts';
import { addQueue, ownHandle, removeQueue, rootQueues } from '../queue.ts';

export interface DelayOptions {
  /** Milliseconds by which a packet's delay may be shorter or longer, evenly spread; packets stay in order. */
  readonly jitter?: number;
}

type Means = 'netem' | 'queue';

/**
 * Delays the packets that a component sends, to whomever; so round trips take that much longer. By the kernel's netem
 * where it has it and nothing else shapes the component's traffic; otherwise by a program in the machine that holds
 * packets of a netfilter queue.
 *
 * Confirmed by the time that connections to another component take, before and after.
 *
 * @param ms more than 0, at most 60,000
 */
export function delay(role: Role, ms: number, options: DelayOptions = {}): Fault {
  const { jitter = 0 } = options;
  if (!(ms > 0 && ms <= 60_000) || !(jitter >= 0 && jitter <= ms))
    throw new RangeError(
      `delay: expected more than 0 ms, at most 60000, and a jitter of at most the delay; seen ${ms} and ${jitter}`,
    );
  return {
    kind: 'delay',
    text: `delay ${ms} ms${jitter > 0 ? ` ± ${jitter} ms` : ''}`,
    role,
    async available(context) {
      const { netem, queue } = await meansOf(context);
      return (
        netem && queue && `the kernel has neither netem (${netem}) nor packet queues (${queue})`
      );
    },
    async prepare(context, targets) {
      const { netem } = await meansOf(context);
      return trafficFault(context, 'delay', targets, (target) =>
        delayOf(target, ms, jitter, netem === undefined ? 'netem' : 'queue'),
      );
    },
  };
}

/** Why each means cannot be used; `undefined` where it can. */
async function meansOf({ network }: FaultContext): Promise<Record<Means, string | undefined>> {
  const [machine] = network.machines;
  if (!machine) return { netem: 'no machine', queue: 'no machine' };
  const [netem, queue] = await Promise.all([
    kernelLacks(machine, 'tc qdisc add dev lo root netem delay 1ms'),
    kernelLacks(
      machine,
      'command -v delay-queue >/dev/null || { echo "no delay-queue in the node image"; exit 1; }; ' +
        'iptables -w -A OUTPUT -j NFQUEUE --queue-num 1 --queue-bypass',
    ),
  ]);
  return { netem, queue };
}

function delayOf(target: NamespaceTarget, ms: number, jitter: number, best: Means): TrafficFault {
  const { id, name, counterpart } = target;
  const handle = ownHandle(id);
  const queue = (createHash('sha256').update(id).digest().readUInt16BE(0) % 65_000) + 1;
  const pidFile = `/run/harness-${id}.pid`;
  /** Of a connection, ms. */
  const roundTrip = async () =>
    counterpart ? Number(await target.run(connectMs(counterpart.place))) : Number.NaN;
  let means = best;
  let before = Number.NaN;
  return {
    apply: async () => {
      before = await roundTrip();
      // Another fault's queueing discipline must stay: then packets are held before they come to it.
      if (means === 'netem' && (await target.run(rootQueues())) !== '') means = 'queue';
      if (means === 'netem') {
        const discipline = `netem delay ${ms}ms ${jitter > 0 ? `${jitter}ms` : ''} limit 100000`;
        await target.run(addQueue(handle, discipline));
        return;
      }
      const program = `delay-queue ${queue} ${ms} ${jitter > 0 ? jitter : ''}`;
      await target.machine.execOk([
        'bash',
        '-c',
        `setsid ${inNamespace(target.pid, `exec ${program}`)} </dev/null >/dev/null 2>&1 & echo $! > ${pidFile}`,
      ]);
      await target.run(
        `for i in {1..100}; do grep -qE '^ *${queue} ' /proc/self/net/netfilter/nfnetlink_queue && exit; sleep 0.05; done; ` +
          `echo '${program} does not hold its queue' >&2; exit 1`,
      );
      const rule = `! -o lo -j NFQUEUE --queue-num ${queue} --queue-bypass`;
      await target.run(applyRules(id, 'container', [{ direction: 'out', spec: rule }]));
    },
    // The program goes last, once it has let go of what it held: packets of a queue without a program are lost.
    undo: `
${target.healing(`${removeRules(id, 'container')}\n${removeQueue(handle)}`)}
if [ -e ${pidFile} ]; then
  sleep ${((ms + jitter) / 1_000 + 0.05).toFixed(2)}
  kill "$(cat ${pidFile})" 2>/dev/null
  rm -f ${pidFile}
fi
true`,
    verify: async (): Promise<Measurement> => {
      const now = await roundTrip();
      const evidence = `${name}: connections to ${counterpart?.place.name} take ${now} ms, ${before} ms before (${means})`;
      if (Number.isNaN(now - before))
        return inconclusive(`${name}: it reaches nobody to measure with`);
      // The median of five varies by far less than the jitter; a fifth of the delay is for a busy machine.
      return expectThat(now - before >= 0.8 * ms - jitter && now > before, evidence);
    },
    verifyHealed: async () => {
      const now = await roundTrip();
      if (Number.isNaN(now - before))
        return inconclusive(`${name}: it reaches nobody to measure with`);
      const evidence = `${name}: connections to ${counterpart?.place.name} take ${now} ms, ${before} ms before`;
      return expectThat(now - before < Math.max(5, 0.5 * ms), evidence);
    },
  };
}
