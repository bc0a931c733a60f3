import { bft, bftNeeds } from './bft.ts';
import { KAFKA_LISTS, KAFKA_PORTS, kafkaNeeds, kafkaSections } from './kafka.ts';
import { raft, raftNeeds } from './raft.ts';

/** How orderers may agree, and what each way needs of a topology file. */
export const SERVICES = { kafka: kafkaNeeds, raft: raftNeeds, bft: bftNeeds } as const;
export type OrderingType = keyof typeof SERVICES;
export const ORDERING_TYPES = Object.keys(SERVICES) as readonly OrderingType[] as readonly [
  OrderingType,
  ...OrderingType[],
];

/** Sections of a file, and of its section `ordering`, that only some services have. */
export const SECTIONS = kafkaSections;
export const ORDERING_SECTIONS = { raft: raft.optional(), bft: bft.optional() };

/** Components besides the orderers: where they stand in a file, in the order in which they start, and their ports. */
export const LISTS = KAFKA_LISTS;
export const PORTS = KAFKA_PORTS;
