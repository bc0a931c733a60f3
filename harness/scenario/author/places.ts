import type { LoadClient } from '../../workload/client.ts';
import { type Call, type CustomLoad, furtherChannel } from './definition.ts';

/**
 * The name that a further channel of the scenario has on the network, for a call's arguments: each run makes channels of
 * its own, so the name is put in when the call is made.
 *
 * @param name the author's, as in `channels` of {@link CustomLoad}
 */
export const channelName = (name: string): string => `{channel:${name}}`;

/** A channel of a scenario, and what runs on it. */
export interface Place {
  /** The author's name of it; empty for the scenario's own. */
  readonly name: string;
  /** As the network knows it. */
  readonly channel: string;
  /** The first is what a call on it is for that names none. */
  readonly chaincodes: readonly string[];
  /** Names of its members; absent where every organisation is. */
  readonly organisations?: readonly string[];
}

/**
 * Every channel of a scenario, its own first.
 *
 * @param own name of the scenario's own channel on the network
 */
export function placesOf(
  {
    chaincode,
    also = [],
    channels = {},
    organisations,
  }: Pick<CustomLoad, 'chaincode' | 'also' | 'channels' | 'organisations'>,
  own: string,
): readonly [Place, ...Place[]] {
  const others = Object.entries(channels).map(([name, given], index) => ({
    name,
    channel: `${own}-${index + 2}`,
    ...furtherChannel(given),
  }));
  const first = { name: '', channel: own, chaincodes: [chaincode, ...also] };
  return [{ ...first, ...(organisations && { organisations }) }, ...others];
}

/** Clients of places other than the scenario's own channel and chaincode, by channel and chaincode on the network. */
export class OtherClients {
  readonly #places: readonly Place[];
  readonly #clients: ReadonlyMap<string, readonly LoadClient[]>;

  /** @param clients by {@link keyOf} */
  constructor(places: readonly Place[], clients: ReadonlyMap<string, readonly LoadClient[]>) {
    this.#places = places;
    this.#clients = clients;
  }

  static keyOf = (channel: string, chaincode: string): string => `${channel} ${chaincode}`;

  /**
   * The client that makes a call, in the place of the scenario's own of the same number.
   *
   * @throws Error for a channel or a chaincode that the scenario does not have
   */
  for(call: Pick<Call, 'function' | 'channel' | 'chaincode'>, own: LoadClient, index: number) {
    const { channel = '', chaincode } = call;
    if (channel === '' && chaincode === undefined) return own;
    const place = this.#places.find(({ name }) => name === channel);
    const called = chaincode ?? place?.chaincodes[0];
    if (!place || called === undefined || !place.chaincodes.includes(called)) {
      const known = this.#places.map(
        ({ name, chaincodes }) => `${name || 'its own'} with ${chaincodes.join(', ')}`,
      );
      throw new Error(
        `call of ${call.function}: expected a channel of the scenario and a chaincode on it (${known.join('; ')}), ` +
          `seen ${called ?? 'none'} on ${channel || 'its own'}`,
      );
    }
    const key = OtherClients.keyOf(place.channel, called);
    const clients = this.#clients.get(key) ?? [];
    return clients[index % clients.length] ?? own;
  }

  /** A call with the names of channels in its arguments as the network knows them. */
  named(call: Call): Call {
    if (this.#places.length < 2) return call;
    const args = call.args.map((arg) =>
      this.#places.reduce((text, { name, channel }) => {
        return name === '' ? text : text.replaceAll(channelName(name), channel);
      }, arg),
    );
    return { ...call, args };
  }
}

/** For loads that stay on one channel and call one chaincode. */
export const NO_OTHERS = new OtherClients([], new Map());
