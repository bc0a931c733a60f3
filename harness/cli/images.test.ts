import { removalInWords } from './images.ts';

describe('a removal of images in words', () => {
  it('has a line for each image, and the reason of what was kept', () => {
    const kept = [{ name: 'volume', reason: 'container /x uses it' }];
    expect(removalInWords({ removed: ['a:1', 'b:2'], kept })).toBe(
      'removed a:1\nremoved b:2\nkept volume: container /x uses it',
    );
  });

  it('says when there was nothing', () => {
    expect(removalInWords({ removed: [], kept: [] })).toBe('no images of the harness are here');
  });
});
