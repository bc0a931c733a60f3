import type { Topology } from './schema.ts';

/** The image, by its name in the image plan, that holds orderer, peer and configtxgen of a network's release. */
export const fabricImage = ({ ordering }: Pick<Topology, 'ordering'>): 'fabric' | 'fabric-3' =>
  ordering.fabric === '2.5.9' ? 'fabric' : 'fabric-3';

/** Whether a network needs the image of Fabric 3. */
export const wantsFabric3 = (topology: Pick<Topology, 'ordering'>): boolean =>
  fabricImage(topology) === 'fabric-3';

/**
 * Whether channels are made by a transaction on the system channel. Without one each orderer is told of a channel
 * (Fabric's channel participation API).
 */
export const hasSystemChannel = ({ ordering }: Pick<Topology, 'ordering'>): boolean =>
  ordering.systemChannel !== undefined;
