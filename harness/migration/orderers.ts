import { common } from '../../fabric-client/protos.ts';
import { withOrderers } from '../fabric/identities/identities.ts';
import { addressesOf } from '../topology/addresses.ts';
import { CONTAINER_PORTS } from '../topology/schema.ts';
import { configUpdate, type Group } from './config-update.ts';
import type { Road } from './road.ts';
import { withEnoughOrderers } from './topologies.ts';

/**
 * Adds orderers while Kafka still orders, which costs an identity, an address and a service each: they replay the
 * topics. What is known of them is written down first, so that an interruption loses no key.
 */
export async function addOrderers(road: Road): Promise<void> {
  const topology = withEnoughOrderers(road.topology);
  const addresses = addressesOf(road.network.machines);
  const identities = await withOrderers(
    road.state.identities,
    topology.ordering.orderers,
    addresses,
  );
  await road.become({ topology, identities });
  const channels = await road.channels();
  const [systemChannel] = channels;
  if (!systemChannel) throw new Error('migrate: expected a system channel, seen none');
  const genesis = await road.rawBlock(systemChannel, 0);
  const definitions = road.definitions(topology, genesis);
  const heads = await road.heads(channels);
  for (const orderer of road.orderers) {
    const running = await road.network.component(orderer.name).container();
    if (!running?.running) await road.redeploy(definitions.get(orderer.name));
    for (const { channel, number } of heads) await road.untilServes(orderer, channel, number);
  }
  await road.change(channels, (now) =>
    configUpdate(now.channel, now.group, withAddresses(now.group, road)),
  );
}

/** A channel's configuration that names every orderer, for all and for their organisation. */
function withAddresses(group: Group, { topology }: Road): Group {
  const { organisation, orderers } = topology.ordering;
  const value = common.OrdererAddresses.encode({
    addresses: orderers.map(({ name }) => `${name}:${CONTAINER_PORTS.orderer.general}`),
  }).finish();
  const orderer = group.groups?.Orderer ?? {};
  const own = orderer.groups?.[organisation.name] ?? {};
  return {
    ...group,
    values: replaced(group.values, 'OrdererAddresses', value),
    groups: {
      ...group.groups,
      Orderer: {
        ...orderer,
        groups: {
          ...orderer.groups,
          [organisation.name]: { ...own, values: replaced(own.values, 'Endpoints', value) },
        },
      },
    },
  };
}

/** Changes a value where there is one. */
function replaced(values: Group['values'], name: string, value: Uint8Array) {
  const current = values?.[name];
  return current ? { ...values, [name]: { ...current, value } } : { ...values };
}
