import { rolesOf } from '../../faults/roles.ts';
import * as parts from '../../ordering/kafka/roles.ts';

export const kafka = rolesOf(parts.kafka);
export const zookeeper = rolesOf(parts.zookeeper);
