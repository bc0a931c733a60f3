import type {
  BftView,
  ConsenterMetadata,
  KafkaOffsets,
  RaftPosition,
} from '../../ordering/marks.ts';
import { FieldReader } from './wire.ts';

/**
 * Reads the consenter metadata of a block's signed slot. Nothing there names the ordering service, but each writes
 * differently: BFT's stands bare under signatures by an identifier, the others' in a `common.Metadata`, and of these
 * only Raft's begins with a list.
 *
 * @param bytes `OrdererBlockMetadata.consenter_metadata`
 * @param quorum whether the block's signatures name their signers by identifier
 * @returns null for a block that no consenter cut: the genesis block, or one that changes the ordering service
 * @throws MalformedMessage when it is none of these
 */
export function decodeConsenterMetadata(bytes: Buffer, quorum: boolean): ConsenterMetadata | null {
  if (quorum) return bytes.length > 0 ? decodeBft(new FieldReader(bytes)) : null;
  const value = metadataValue(bytes);
  return value ? decodeCft(value) : null;
}

/** As {@link decodeConsenterMetadata}, for a `common.Metadata` that has been opened. */
export function decodeCft(value: Buffer): KafkaOffsets | RaftPosition {
  const reader = new FieldReader(value);
  const isRaft = reader.next() && reader.field === 1 && reader.wireType === 2;
  return isRaft ? decodeRaft(new FieldReader(value)) : decodeKafka(new FieldReader(value));
}

/** `common.Metadata.value`; `undefined` when absent or empty. */
export function metadataValue(metadata: Buffer | undefined): Buffer | undefined {
  if (!metadata) return undefined;
  let value: Buffer | undefined;
  const reader = new FieldReader(metadata);
  while (reader.next()) {
    if (reader.field === 1) value = reader.view();
    else reader.skip();
  }
  return value && value.length > 0 ? value : undefined;
}

function decodeKafka(reader: FieldReader): KafkaOffsets {
  let lastOffsetPersisted = 0;
  let lastOriginalOffsetProcessed = 0;
  let lastResubmittedConfigOffset = 0;
  while (reader.next()) {
    if (reader.field === 1) lastOffsetPersisted = reader.signed();
    else if (reader.field === 2) lastOriginalOffsetProcessed = reader.signed();
    else if (reader.field === 3) lastResubmittedConfigOffset = reader.signed();
    else reader.skip();
  }
  const type = 'kafka';
  return { type, lastOffsetPersisted, lastOriginalOffsetProcessed, lastResubmittedConfigOffset };
}

function decodeRaft(reader: FieldReader): RaftPosition {
  const consenters: number[] = [];
  let nextConsenter = 0;
  let index = 0;
  while (reader.next()) {
    if (reader.field === 1) consenters.push(...integers(reader));
    else if (reader.field === 2) nextConsenter = reader.varint();
    else if (reader.field === 3) index = reader.varint();
    else reader.skip();
  }
  return { type: 'raft', consenters, nextConsenter, index };
}

function decodeBft(reader: FieldReader): BftView {
  const blackList: number[] = [];
  let view = 0;
  let sequence = 0;
  let decisionsInView = 0;
  while (reader.next()) {
    if (reader.field === 1) view = reader.varint();
    else if (reader.field === 2) sequence = reader.varint();
    else if (reader.field === 3) decisionsInView = reader.varint();
    else if (reader.field === 4) blackList.push(...integers(reader));
    else reader.skip();
  }
  return { type: 'bft', view, sequence, decisionsInView, blackList };
}

/** One integer of a repeated field, or several that are packed. */
function integers(reader: FieldReader): number[] {
  if (reader.wireType !== 2) return [reader.varint()];
  const packed = reader.message();
  const values: number[] = [];
  while (packed.position < packed.end) values.push(packed.varint());
  return values;
}
