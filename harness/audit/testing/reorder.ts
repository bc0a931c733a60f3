import { editBlock } from './forge.ts';
import type { TestRecording } from './ledger-builder.ts';

/** Marks of a block: Raft's `BlockMetadata` or SmartBFT's `ViewMetadata`, by field number; lists are packed. */
export type Marks = Readonly<Record<number, number | readonly number[]>>;

/**
 * Gives every copy of a recording's blocks the marks of another ordering service, written byte by byte: the protobuf
 * classes at hand know Kafka's only. Block 0 has none.
 *
 * @param marks of a block by its number
 */
export function reorder(
  recording: TestRecording,
  service: 'raft' | 'bft',
  marks: (number: number) => Marks,
): void {
  for (const [source, blocks] of recording.chain) {
    for (let number = 0; number < blocks.length; number += 1) {
      mark(recording, source, number, service, number === 0 ? {} : marks(number));
    }
  }
}

/** As {@link reorder}, for one copy of one block. */
export function mark(
  recording: TestRecording,
  source: string,
  number: number,
  service: 'raft' | 'bft',
  marks: Marks,
): void {
  editBlock(recording, source, number, ({ metadata }) => {
    const own = message(marks);
    const consenter = service === 'raft' ? field(1, own) : own;
    const signature =
      service === 'raft' ? field(1, Buffer.from('creator')) : field(3, Buffer.from([8, 1]));
    // Block 0 is its own configuration, so an index of 0 is as good as none.
    const signed = consenter.length > 0 ? field(2, consenter) : Buffer.alloc(0);
    metadata[0] = Buffer.concat([field(1, signed), field(2, signature)]);
  });
}

function message(marks: Marks): Buffer {
  const fields = Object.entries(marks).map(([number, value]) =>
    typeof value === 'number'
      ? Buffer.concat([varint(Number(number) * 8), varint(value)])
      : field(Number(number), Buffer.concat(value.map(varint))),
  );
  return Buffer.concat(fields);
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
