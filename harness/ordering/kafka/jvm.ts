/**
 * The JVM keeps an address for 30 s and the absence of one for 10 s; a restarted component has another address and
 * is absent for a moment, so both would slow every recovery down.
 */
export const JVM_DNS_OPTIONS = '-Dsun.net.inetaddr.ttl=1 -Dsun.net.inetaddr.negative.ttl=0';

/** Java properties, one a line. */
export function properties(settings: Readonly<Record<string, string | number | boolean>>): string {
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}
