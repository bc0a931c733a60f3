import { connect, type Socket } from 'node:net';
import { recordsIn, type TopicRecord } from './record-batch.ts';

const FETCH = 1;
/** The oldest that gives records in the format that brokers keep; every broker from 0.11 to 3.9 knows it. */
const VERSION = 4;
const CLIENT = 'harness';
const WAIT_MS = 500;
const ANSWER_MS = 10_000;
const MOST_BYTES = 8 * 1024 * 1024;

/** A partition of which everything from one offset to another is wanted. */
export interface Wanted {
  /** `host:port` of the broker that leads the partition. */
  readonly address: string;
  readonly topic: string;
  readonly partition: number;
  /** The first, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/**
 * Reads a partition's records without a consumer group: groups need a coordinator, a topic of their own and seconds to
 * settle, and nothing of that is to be left in a network that is judged.
 *
 * @throws Error when the broker does not answer within ten seconds, refuses, or gives nothing more before the end
 */
export async function* fetchRecords(wanted: Wanted): AsyncGenerator<TopicRecord> {
  const { address, topic, to } = wanted;
  const [host = '', port = ''] = address.split(':');
  const subject = `topic ${topic} on ${address}`;
  const socket = connect(Number(port), host);
  socket.setTimeout(ANSWER_MS, () =>
    socket.destroy(new Error(`${subject}: expected records, seen nothing for ${ANSWER_MS} ms`)),
  );
  try {
    const answers = framesOf(socket);
    let next = wanted.from;
    while (next < to) {
      socket.write(fetchRequest(wanted, next));
      const { value: answer, done } = await answers.next();
      if (done) throw new Error(`${subject}: expected offset ${next}, the broker hung up`);
      const before = next;
      for (const record of recordsIn(recordsOf(answer, subject))) {
        // A batch is sent whole, also what is in it before the offset that was asked for.
        if (record.offset < next || record.offset >= to) continue;
        next = record.offset + 1;
        yield record;
      }
      if (next === before) throw new Error(`${subject}: expected offset ${next}, seen no record`);
    }
  } finally {
    socket.destroy();
  }
}

/** Messages of a connection, each behind its length. */
async function* framesOf(socket: Socket): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      yield rest.subarray(4, end);
      rest = rest.subarray(end);
    }
  }
}

function fetchRequest({ topic, partition }: Wanted, offset: number): Buffer {
  const header = [int16(FETCH), int16(VERSION), int32(0), text(CLIENT)];
  const anyReplica = int32(-1);
  const limits = [int32(WAIT_MS), int32(1), int32(MOST_BYTES)];
  const uncommitted = int8(0);
  const one = int32(1);
  const body = [anyReplica, ...limits, uncommitted, one, text(topic), one, int32(partition)];
  const request = Buffer.concat([...header, ...body, int64(offset), int32(MOST_BYTES)]);
  return Buffer.concat([int32(request.length), request]);
}

/** The batches in the answer for the one partition that was asked for. */
function recordsOf(answer: Buffer, subject: string): Buffer {
  const topics = 4 + 4; // behind correlation id and throttle time
  const name = topics + 4;
  const partition = name + 2 + answer.readInt16BE(name) + 4;
  const error = answer.readInt16BE(partition + 4);
  if (error !== 0) throw new Error(`${subject}: expected records, seen Kafka's error ${error}`);
  // Behind number, error, high watermark and last stable offset; a transaction that was aborted has two numbers.
  const aborted = partition + 4 + 2 + 8 + 8;
  const records = aborted + 4 + Math.max(0, answer.readInt32BE(aborted)) * 16;
  const length = Math.max(0, answer.readInt32BE(records));
  return answer.subarray(records + 4, records + 4 + length);
}

function int8(value: number): Buffer {
  const bytes = Buffer.alloc(1);
  bytes.writeInt8(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

const text = (value: string): Buffer => Buffer.concat([int16(value.length), Buffer.from(value)]);
