import { FrameDecoder } from './tunnel.ts';

function frame(type: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function decode(chunks: readonly Buffer[]): Promise<string> {
  const decoder = new FrameDecoder();
  for (const chunk of chunks) decoder.write(chunk);
  decoder.end();
  return Buffer.concat(await decoder.toArray()).toString();
}

describe('FrameDecoder', () => {
  const stream = Buffer.concat([frame(1, 'HTTP/1.1 '), frame(2, 'a warning'), frame(1, '200 OK')]);

  it('gives standard output only', async () => {
    expect(await decode([stream])).toBe('HTTP/1.1 200 OK');
  });

  it('does not depend on where the stream is cut', async () => {
    for (let cut = 1; cut < stream.length; cut++) {
      expect(await decode([stream.subarray(0, cut), stream.subarray(cut)])).toBe('HTTP/1.1 200 OK');
    }
  });

  it('takes an empty frame', async () => {
    expect(await decode([frame(1, ''), frame(1, 'x')])).toBe('x');
  });
});
