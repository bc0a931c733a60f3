import { readFileSync } from 'node:fs';

/** What Ethernet has, and an engine takes unless told. */
const USUAL_MTU = 1500;

/**
 * Bytes of the largest packet on this host's way out: 1500, or less where the interface of the default route (a VPN's, a
 * cloud's) has less.
 *
 * @param routes as /proc/net/route prints them
 * @param mtuOf bytes of an interface; `undefined` where that is not known
 */
export function outerMtu(routes = routeTable(), mtuOf = readMtu): number {
  const [, ...lines] = routes.split('\n');
  const outer = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .flatMap(([network = '']) => mtuOf(network) ?? []);
  return Math.min(USUAL_MTU, ...outer);
}

/** This host's routes in the kernel's words; empty where there is no such table (macOS). */
export function routeTable(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}

function readMtu(network: string): number | undefined {
  try {
    return Number(readFileSync(`/sys/class/net/${network}/mtu`, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}
