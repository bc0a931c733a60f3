import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:net';
import { common, orderer } from '../../../fabric-client/protos.ts';
import { fetchRecords } from './fetch.ts';
import { recordOf } from './log.ts';
import { envelopeMark } from './model.ts';
import { recordsIn } from './record-batch.ts';

/** Batches and requests as kafkajs writes them: what is read and written here is held against it. */
interface Encoder {
  readonly buffer: Buffer;
}
const load = createRequire(import.meta.url);
const encodeRecord = load('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (
  record: object,
) => Encoder;
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch(batch: object): Promise<Encoder>;
};
const fetchRequest = load('kafkajs/src/protocol/requests/fetch/v4/request.js') as (
  request: object,
) => { encode(): Promise<Encoder> };

async function batch(firstOffset: number, ...values: readonly (string | null)[]): Promise<Buffer> {
  const records = values.map((value, offsetDelta) =>
    encodeRecord({
      ...{ offsetDelta, timestampDelta: offsetDelta * 300, key: Buffer.from('k') },
      value: value === null ? null : Buffer.from(value),
      headers: { by: 'orderer0' },
    }),
  );
  const lastOffsetDelta = values.length - 1;
  return (await RecordBatch({ firstOffset, lastOffsetDelta, records })).buffer;
}

const read = (bytes: Buffer) =>
  [...recordsIn(bytes)].map(({ offset, value }) => `${offset} ${value}`);

describe('records of a partition', () => {
  it('are read batch by batch, and the last one only if it is whole', async () => {
    const long = 'x'.repeat(300);
    const bytes = Buffer.concat([await batch(7, 'a', '', long), await batch(10, 'b', null)]);
    expect(read(bytes)).toEqual(['7 a', '8 ', `9 ${long}`, '10 b', '11 ']);
    expect(read(bytes.subarray(0, -1))).toEqual(['7 a', '8 ', `9 ${long}`]);
    expect(read(bytes.subarray(0, 11))).toEqual([]);
  });

  it('are none in a batch that marks the end of a transaction, and refused in another format', async () => {
    const bytes = await batch(3, 'a');
    const marked = Buffer.from(bytes);
    marked.writeInt16BE(0b10_0000, 21);
    expect(read(Buffer.concat([marked, await batch(4, 'b')]))).toEqual(['4 b']);
    const packed = Buffer.from(bytes);
    packed.writeInt16BE(1, 21);
    expect(() => read(packed)).toThrow('records: expected none that is compressed');
    const old = Buffer.from(bytes);
    old.writeInt8(1, 16);
    expect(() => read(old)).toThrow('records: expected format 2, seen 1');
  });
});

describe('fetching records', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** A broker that answers one request after the other, in two pieces each. */
  async function broker(...answers: readonly (Buffer | undefined)[]) {
    const asked: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (request) => {
        const answer = answers[asked.push(request as Buffer) - 1];
        if (!answer) {
          socket.destroy();
          return;
        }
        socket.write(answer.subarray(0, 9));
        setImmediate(() => socket.write(answer.subarray(9)));
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return { address: `127.0.0.1:${port}`, asked };
  }

  function answer(batches: Buffer, error = 0, aborted = -1): Buffer {
    const head = Buffer.alloc(
      4 + 4 + 4 + 2 + 7 + 4 + 4 + 2 + 8 + 8 + 4 + Math.max(0, aborted) * 16,
    );
    head.writeInt32BE(1, 8);
    head.writeInt16BE(7, 12);
    head.write('channel', 14);
    head.writeInt32BE(1, 21);
    head.writeInt16BE(error, 29);
    head.writeInt32BE(aborted, 47);
    const length = Buffer.alloc(4);
    length.writeInt32BE(batches.length);
    const body = Buffer.concat([head, length, batches]);
    const frame = Buffer.alloc(4);
    frame.writeInt32BE(body.length);
    return Buffer.concat([frame, body]);
  }

  async function fetched(address: string, from: number, to: number): Promise<string[]> {
    const found: string[] = [];
    const wanted = { address, topic: 'channel', partition: 0, from, to };
    for await (const { offset, value } of fetchRecords(wanted)) found.push(`${offset} ${value}`);
    return found;
  }

  it('goes on until all are there, and gives none that was not wanted', async () => {
    const first = answer(await batch(0, 'a', 'b', 'c'));
    const { address, asked } = await broker(first, answer(await batch(3, 'd', 'e'), 0, 1));
    expect(await fetched(address, 1, 4)).toEqual(['1 b', '2 c', '3 d']);
    expect(asked).toHaveLength(2);
    const like = fetchRequest({
      ...{ replicaId: -1, maxWaitTime: 500, minBytes: 1, maxBytes: 8 * 1024 * 1024 },
      isolationLevel: 0,
      topics: [
        {
          topic: 'channel',
          partitions: [{ partition: 0, fetchOffset: 3, maxBytes: 8 * 1024 * 1024 }],
        },
      ],
    });
    const header = 4 + 2 + 2 + 4 + 2 + 'harness'.length;
    expect(asked[1]?.subarray(header)).toEqual((await like.encode()).buffer);
  });

  it('says what Kafka says, and misses what does not come', async () => {
    const refusing = await broker(answer(Buffer.alloc(0), 6));
    await expect(fetched(refusing.address, 0, 1)).rejects.toThrow(
      /^topic channel on 127.0.0.1:\d+: expected records, seen Kafka's error 6$/,
    );
    const empty = await broker(answer(Buffer.alloc(0)));
    await expect(fetched(empty.address, 0, 1)).rejects.toThrow('expected offset 0, seen no record');
    const leaving = await broker(undefined);
    await expect(fetched(leaving.address, 0, 1)).rejects.toThrow(/broker hung up|ECONNRESET/);
    expect(await fetched(leaving.address, 5, 5)).toEqual([]);
  });
});

describe('a record', () => {
  const message = (content: object) =>
    recordOf({ offset: 4, value: Buffer.from(orderer.KafkaMessage.encode(content).finish()) });
  const payload = Buffer.from('what was signed');
  const envelope = (signature: Buffer) => common.Envelope.encode({ payload, signature }).finish();

  it('is of one of the kinds that orderers write', () => {
    expect(message({ connect: {} })).toEqual({ offset: 4, kind: 'connect' });
    expect(message({ time_to_cut: { block_number: 9 } })).toEqual({
      ...{ offset: 4, kind: 'time to cut', block: 9 },
    });
    const signature = Buffer.from('30'.repeat(35), 'hex');
    const sent = { payload: envelope(signature), config_seq: 2 };
    const mark = '30'.repeat(16);
    expect(envelopeMark({ payload, signature })).toBe(mark);
    expect(message({ regular: { ...sent, class: 1 } })).toEqual({
      ...{ offset: 4, kind: 'message', mark, configSequence: 2 },
    });
    expect(message({ regular: { ...sent, class: 2, original_offset: 3 } })).toEqual({
      ...{ offset: 4, kind: 'configuration', mark, configSequence: 2, original: 3 },
    });
  });

  it('of an envelope without a signature is known by what would have been signed', () => {
    const unsigned = message({ regular: { payload: envelope(Buffer.alloc(0)), class: 1 } });
    expect(unsigned).toMatchObject({ mark: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  it('may be nothing that an orderer wrote', () => {
    const unreadable = { offset: 4, kind: 'unreadable' };
    expect(recordOf({ offset: 4, value: Buffer.from([0x0a, 0xff]) })).toEqual(unreadable);
    expect(recordOf({ offset: 4, value: Buffer.alloc(0) })).toEqual(unreadable);
    expect(message({ regular: { payload: Buffer.from([0x0a, 0xff]), class: 1 } })).toEqual(
      unreadable,
    );
  });
});
