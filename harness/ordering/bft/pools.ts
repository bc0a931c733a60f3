import { channelMetrics } from '../metrics.ts';
import type { OrderedChannel } from '../ordering.ts';

const ELEMENTS = 'consensus_smartbft_pool_count_of_elements';
const NEXT_VIEW = 'consensus_smartbft_viewchange_next_view';
const REAL_VIEW = 'consensus_smartbft_viewchange_real_view';

/**
 * Requests can sleep in an orderer's pool, all clocks stopped, while the orderers are between two views; a chain that does
 * not grow says nothing then. Where no pool holds any, nothing can come: an orderer that has called for another view, and
 * found no second one to join it, may wait for that until there is something to order again.
 *
 * @throws Error naming the orderers that hold requests, and those of them that are between views
 */
export async function poolsEmpty(place: OrderedChannel): Promise<void> {
  const holders = [...(await channelMetrics(place))].flatMap(([name, values]) => {
    const of = (metric: string) => values.get(metric) ?? 0;
    if (of(ELEMENTS) === 0) return [];
    const between =
      of(NEXT_VIEW) > of(REAL_VIEW) ? ` between view ${of(REAL_VIEW)} and ${of(NEXT_VIEW)}` : '';
    return [`${name} holds ${of(ELEMENTS)} requests${between}`];
  });
  if (holders.length > 0) throw new Error(holders.join(', '));
}
