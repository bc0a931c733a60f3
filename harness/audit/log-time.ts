/** A date and a time as the components write them; see the tests. All of them log in UTC where they name no zone. */
const WRITTEN =
  /(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?:Z| UTC|([+-]\d\d):?(\d\d))?/;
/** Milliseconds since the epoch in a line of JSON. */
const COUNTED = /"time":\s*(\d{13})\b/;
/** A time further into a line is what the line speaks of. */
const WITHIN = 120;

/** Milliseconds since the epoch at which a line was logged; `undefined` when it does not say. */
export function logTime(line: string): number | undefined {
  const start = line.slice(0, WITHIN);
  const counted = COUNTED.exec(start)?.[1];
  if (counted !== undefined) return Number(counted);
  const [, year, month, day, time, fraction = '0', hours, minutes] = WRITTEN.exec(start) ?? [];
  if (time === undefined) return undefined;
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  const at = Date.parse(`${year}-${month}-${day}T${time}${zone}`);
  return Number.isNaN(at) ? undefined : at + Number(`0.${fraction}`) * 1_000;
}
