import { createHash } from 'node:crypto';

/**
 * Shell scripts for packet rules. Each fault has a chain of its own per hook, so that healing is removing the chain:
 * idempotent, and blind to whatever Docker or another fault has in the same tables.
 */

/** Where packets are looked at: on the way in or out of a network namespace. */
export type Hook = 'INPUT' | 'OUTPUT';

export interface Rule {
  readonly hook: Hook;
  /** iptables match and target, e.g. `-s 10.214.0.7 -j DROP`. */
  readonly spec: string;
}

/** Chain names have at most 28 characters; the hash keeps two faults on one component apart. */
export function chainName(id: string, hook: Hook): string {
  return `HF-${hook[0]}-${createHash('sha256').update(id).digest('hex').slice(0, 12)}`;
}

/** Runs a script in the network namespace of a process of the machine, or in the machine's own without one. */
export function inNamespace(pid: number | undefined, script: string): string {
  return pid === undefined
    ? script
    : `nsenter -t ${pid} -n sh -c '${script.replaceAll("'", `'\\''`)}'`;
}

/** Puts rules in force, first in their hook. */
export function applyRules(id: string, rules: readonly Rule[]): string {
  const hooks = [...new Set(rules.map((rule) => rule.hook))];
  return [
    'set -e',
    ...hooks.map((hook) => `iptables -w -N ${chainName(id, hook)}`),
    ...rules.map((rule) => `iptables -w -A ${chainName(id, rule.hook)} ${rule.spec}`),
    // The jump comes last: the cut is there at one moment, whole.
    ...hooks.map((hook) => `iptables -w -I ${hook} -j ${chainName(id, hook)}`),
  ].join('\n');
}

/** Takes rules away, however far {@link applyRules} came; does nothing where they are gone. */
export function removeRules(id: string, hooks: readonly Hook[]): string {
  return hooks
    .map((hook) => {
      const chain = chainName(id, hook);
      return [
        `while iptables -w -D ${hook} -j ${chain} 2>/dev/null; do :; done`,
        `iptables -w -F ${chain} 2>/dev/null || true`,
        `iptables -w -X ${chain} 2>/dev/null || true`,
      ].join('\n');
    })
    .join('\n');
}

/** Prints how many packets the rules of a chain have matched in all. */
export function countMatches(id: string, hook: Hook): string {
  return `iptables -w -nvxL ${chainName(id, hook)} 2>/dev/null | awk 'NR>2 {n+=$1} END {print n+0}'`;
}

/** Prints `present` or `absent`. */
export function probeChain(id: string, hook: Hook): string {
  return `iptables -w -nL ${chainName(id, hook)} >/dev/null 2>&1 && echo present || echo absent`;
}
