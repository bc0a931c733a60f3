import { createHash } from 'node:crypto';

/**
 * Shell scripts for packet rules. Each fault has chains of its own, so that healing is removing them: idempotent, and
 * blind to whatever Docker or another fault has in the same tables.
 */

/** `in`: packets on their way to the target; `out`: packets that it sends. */
export type Direction = 'in' | 'out';

/**
 * A container's own packets are looked at in the filter table of its network namespace. A machine also forwards for
 * its containers, and Docker puts its own rules first in FORWARD whenever it likes; before and after everything else
 * (raw PREROUTING, mangle POSTROUTING) there is no way around.
 */
export type Scope = 'container' | 'machine';

export interface Rule {
  readonly direction: Direction;
  /** iptables match and target, e.g. `-s 10.214.0.7 -j DROP`. */
  readonly spec: string;
}

const HOOKS = {
  container: { in: '-t filter INPUT', out: '-t filter OUTPUT' },
  machine: { in: '-t raw PREROUTING', out: '-t mangle POSTROUTING' },
} as const;

function hook(scope: Scope, direction: Direction): { table: string; chain: string } {
  const [, table = '', chain = ''] = HOOKS[scope][direction].split(' ');
  return { table: `iptables -w -t ${table}`, chain };
}

/** Chain names have at most 28 characters; the hash keeps two faults on one target apart. */
export function chainName(id: string, direction: Direction): string {
  const digest = createHash('sha256').update(id).digest('hex').slice(0, 12);
  return `HF-${direction === 'in' ? 'I' : 'O'}-${digest}`;
}

/** Runs a script in the network namespace of a process of the machine, or in the machine's own without one. */
export function inNamespace(pid: number | undefined, script: string, shell = 'sh'): string {
  return pid === undefined
    ? script
    : `nsenter -t ${pid} -n ${shell} -c '${script.replaceAll("'", `'\\''`)}'`;
}

const directionsOf = (rules: readonly Rule[]): Direction[] => [
  ...new Set(rules.map((rule) => rule.direction)),
];

/** Puts rules in force, first in their hook. */
export function applyRules(id: string, scope: Scope, rules: readonly Rule[]): string {
  const directions = directionsOf(rules);
  return [
    'set -e',
    ...directions.map((d) => `${hook(scope, d).table} -N ${chainName(id, d)}`),
    ...rules.map(
      ({ direction: d, spec }) => `${hook(scope, d).table} -A ${chainName(id, d)} ${spec}`,
    ),
    // The jump comes last: the rules are there at one moment, whole.
    ...directions.map((d) => {
      const { table, chain } = hook(scope, d);
      return `${table} -I ${chain} -j ${chainName(id, d)}`;
    }),
  ].join('\n');
}

/** Takes rules away, however far {@link applyRules} came; does nothing where they are gone. */
export function removeRules(id: string, scope: Scope): string {
  return (['in', 'out'] as const)
    .map((direction) => {
      const { table, chain } = hook(scope, direction);
      const own = chainName(id, direction);
      return [
        `while ${table} -D ${chain} -j ${own} 2>/dev/null; do :; done`,
        `${table} -F ${own} 2>/dev/null || true`,
        `${table} -X ${own} 2>/dev/null || true`,
      ].join('\n');
    })
    .join('\n');
}

/** Prints a line `in|out HIT PASSED` for each chain of the fault that is there: packets its rules hit, and the rest. */
export function countPackets(id: string, scope: Scope, target: string): string {
  const count = (direction: Direction) => {
    const { table } = hook(scope, direction);
    return (
      `${table} -nvxL ${chainName(id, direction)} 2>/dev/null | awk '` +
      `NR>2 { if ($3=="${target}") hit+=$1; else passed+=$1 } END { if (NR>1) print "${direction}", hit+0, passed+0 }'`
    );
  };
  return `${count('in')}\n${count('out')}`;
}

/** What a chain has counted; `undefined` where the chain is not there. */
export interface PacketCount {
  readonly hit: number;
  readonly passed: number;
}

/** Reads what {@link countPackets} printed. */
export function parsePackets(output: string): Partial<Record<Direction, PacketCount>> {
  const entries = output.split('\n').flatMap((line) => {
    const match = /^(in|out) (\d+) (\d+)$/.exec(line.trim());
    return match ? [[match[1], { hit: Number(match[2]), passed: Number(match[3]) }]] : [];
  });
  return Object.fromEntries(entries) as Partial<Record<Direction, PacketCount>>;
}
