import { patient } from '../base/patience.ts';
import type { MachineAddresses } from '../topology/addresses.ts';
import type { Orderer } from '../topology/schema.ts';
import type { OrderedChannel } from './ordering.ts';

/** An orderer that is frozen or cut off does not answer, and roles are asked for in the middle of faults. */
const ANSWER_MS = 1_500;

/** What an orderer measures of one channel, by the name of the metric. */
export type ChannelMetrics = ReadonlyMap<string, number>;

/** Metrics of a channel by orderer, of those that answer. */
export async function channelMetrics({
  topology,
  addresses,
  channel,
}: OrderedChannel): Promise<ReadonlyMap<string, ChannelMetrics>> {
  const asked = topology.ordering.orderers.map(
    async (orderer) => [orderer.name, await ask(orderer, addresses, channel)] as const,
  );
  const answers = await Promise.allSettled(asked);
  return new Map(
    answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])),
  );
}

async function ask(
  { machine, ports }: Orderer,
  addresses: MachineAddresses,
  channel: string,
): Promise<ChannelMetrics> {
  const url = `http://${addresses[machine]}:${ports.operations}/metrics`;
  const response = await fetch(url, { signal: AbortSignal.timeout(patient(ANSWER_MS)) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return metricsOf(await response.text(), channel);
}

/** Values of the metrics that have a channel as their only label, from Prometheus' text format. */
export function metricsOf(text: string, channel: string): ChannelMetrics {
  const label = `{channel="${channel}"} `;
  const values = text.split('\n').flatMap((line) => {
    const at = line.indexOf(label);
    return at < 0 ? [] : [[line.slice(0, at), Number(line.slice(at + label.length))] as const];
  });
  return new Map(values);
}
