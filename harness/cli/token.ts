import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { adminToken } from '../scenario/author/api.ts';
import { addressesOf } from '../topology/addresses.ts';
import { runningNetwork } from './context.ts';

/**
 * `harness token`: prints a token of an organisation's admin at the REST API, who is made with the organisation's secret
 * when first asked for and logged in afterwards. For shell lines and programs such as fixtures/api/schemathesis.sh.
 *
 * @param organisation default: the topology's first
 * @param options `user`: the admin's name, for one apart from the admin of the walk
 * @throws UsageError for an organisation that the network does not have
 */
export async function token(
  settings: Settings,
  organisation: string | undefined,
  { user }: { readonly user?: string } = {},
): Promise<void> {
  const network = await runningNetwork(settings);
  const names = network.state.topology.organisations.map(({ name }) => name);
  const wanted = organisation ?? names[0] ?? '';
  if (!names.includes(wanted)) {
    throw new UsageError([`organisation: expected one of ${names.join(', ')}, seen "${wanted}"`]);
  }
  const session = { network, addresses: addressesOf(network.machines) };
  console.log(await adminToken(session, wanted, user));
}
