import { demultiplex, frames } from './docker-api.ts';

const frame = (stream: number, text: string) => {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

async function* chunks(...parts: Buffer[]) {
  yield* parts;
}

describe('frames', () => {
  it('finds frames wherever the stream was cut', async () => {
    const whole = Buffer.concat([frame(1, 'out'), frame(2, 'oops'), frame(1, '')]);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const seen: [boolean, string][] = [];
      for await (const { stderr, data } of frames(
        chunks(whole.subarray(0, cut), whole.subarray(cut)),
      )) {
        seen.push([stderr, data.toString()]);
      }
      expect(seen).toEqual([
        [false, 'out'],
        [true, 'oops'],
        [false, ''],
      ]);
    }
  });

  it('keeps a torn last frame to itself', async () => {
    const torn = frame(1, 'whole').subarray(0, 10);
    const seen = [];
    for await (const one of frames(chunks(frame(1, 'first'), torn))) seen.push(one.data.toString());
    expect(seen).toEqual(['first']);
  });
});

describe('demultiplex', () => {
  it('keeps standard output and error apart', async () => {
    const stream = chunks(frame(2, 'b'), frame(1, 'a'), frame(2, 'c'));
    const both = await demultiplex(stream as unknown as NodeJS.ReadableStream);
    expect(both).toEqual({ stdout: 'a', stderr: 'bc' });
  });
});
