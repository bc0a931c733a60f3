import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { extract, pack } from 'tar-stream';
import { withoutLayers } from './copy-image.ts';

const digest = (digit: string) => digit.repeat(64);

describe('withoutLayers', () => {
  it('leaves out the data of known layers, and nothing else', async () => {
    const saved = pack();
    saved.entry({ name: 'manifest.json' }, '[]');
    saved.entry({ name: `blobs/sha256/${digest('a')}` }, 'known layer');
    saved.entry({ name: `blobs/sha256/${digest('b')}` }, 'new layer');
    saved.finalize();
    const archive = await withoutLayers(
      Readable.from([await buffer(saved)]),
      new Set([`sha256:${digest('a')}`]),
    );
    const seen: Record<string, string> = {};
    for await (const entry of Readable.from([archive]).pipe(extract())) {
      seen[entry.header.name] = await text(entry);
    }
    expect(seen).toEqual({
      'manifest.json': '[]',
      [`blobs/sha256/${digest('b')}`]: 'new layer',
    });
  });
});
