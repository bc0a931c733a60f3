import { channelMetrics } from '../metrics.ts';
import type { OrderedChannel } from '../ordering.ts';

const ELEMENTS = 'consensus_smartbft_pool_count_of_elements';
const NEXT_VIEW = 'consensus_smartbft_viewchange_next_view';
const REAL_VIEW = 'consensus_smartbft_viewchange_real_view';

/**
 * Requests can sleep in an orderer's pool, all clocks stopped, while the orderers are between two views; a chain that does
 * not grow says nothing then.
 *
 * @throws Error naming the orderers that hold requests or are between views
 */
export async function poolsEmpty(place: OrderedChannel): Promise<void> {
  const busy = [...(await channelMetrics(place))].flatMap(([name, values]) => {
    const of = (metric: string) => values.get(metric) ?? 0;
    return [
      ...(of(ELEMENTS) > 0 ? [`${name} holds ${of(ELEMENTS)} requests`] : []),
      ...(of(NEXT_VIEW) > of(REAL_VIEW)
        ? [`${name} is between view ${of(REAL_VIEW)} and ${of(NEXT_VIEW)}`]
        : []),
    ];
  });
  if (busy.length > 0) throw new Error(busy.join(', '));
}
