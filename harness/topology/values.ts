import { z } from 'zod';

/** What a single value of a topology file may be. */

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m)$/;
const DURATIONS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };
/**
 * Fabric's own files write `98 MB` or `512 KB` and mean powers of 1024 (`common/viperutil/config_util.go`,
 * byteSizeDecodeHook: k, m or g with or without b, in any case).
 */
const SIZE = /^(\d+)\s*(?:([kmg])(?:i?b)?|b)?$/i;
const SIZES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Milliseconds of a duration such as `2s`, or `undefined` if the value is none or zero. */
export function parseDuration(value: unknown): number | undefined {
  const duration =
    typeof value === 'string' ? parseQuantity(DURATION, DURATIONS, value) : undefined;
  return duration === 0 ? undefined : duration;
}

/** Bytes of a size such as `512 KiB`, `98 MB` (as Fabric means it: 98 MiB) or `1048576`, or `undefined` if the value is none. */
export function parseSize(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  }
  const size = typeof value === 'string' ? parseQuantity(SIZE, SIZES, value) : undefined;
  return size === 0 ? undefined : size;
}

function parseQuantity(
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
  text: string,
): number | undefined {
  const [, amount, unit = ''] = pattern.exec(text.trim()) ?? [];
  const value = Number(amount) * (units[unit.toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(Math.round(value)) ? value : undefined;
}

function quantity(parse: (value: unknown) => number | undefined, expected: string) {
  return z.union([z.string(), z.number()], { error: expected }).transform((value, context) => {
    const parsed = parse(value);
    if (parsed === undefined) {
      context.issues.push({ code: 'custom', message: expected, input: value });
      return z.NEVER;
    }
    return parsed;
  });
}

export const duration = quantity(parseDuration, 'a duration such as 250ms, 2s or 5m');
export const size = quantity(parseSize, 'a size such as 512 KB, 98 MiB or a number of bytes');
export const count = z.int().positive();
export const port = z.int().min(1).max(65_535);
/** A machine's number is part of its address, 10.213.x.(10 + number). */
export const machine = z.int().min(1).max(200);

/** @param expected what the message says, e.g. `a domain name, e.g. org1.example.com` */
export const name = (pattern: RegExp, expected: string) =>
  z.string().max(50).regex(pattern, { error: expected });

/** Component names are DNS names on the overlay and parts of Swarm object names, hence the narrow alphabet. */
const componentName = name(
  /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/,
  'a DNS name in lower case, e.g. peer0.org1',
);

/** A component with its machine, and the ports of that machine which lead to its own. @param ports what it listens on */
export function component<P extends Readonly<Record<string, number>>>(ports: P) {
  const names = Object.keys(ports).map((key) => [key, port]);
  return {
    name: componentName,
    machine,
    ports: z.strictObject(Object.fromEntries(names) as Record<keyof P, typeof port>),
  };
}
