import { belongsToImage } from './tree.ts';

describe('belongsToImage', () => {
  it.each(['fixtures/api/src/main.ts', 'a/distribution.ts', 'a/latest.ts', 'a/main.go'])(
    'takes %s',
    (file) => expect(belongsToImage(file)).toBe(true),
  );

  it.each([
    'fixtures/api/src/main.test.ts',
    'fixtures/images/reaper/reaper_test.go',
    'fixtures/api/node_modules/x/index.js',
    'fixtures/api/node_modules',
    'fixtures/api/dist/x.js',
    'fixtures/images/couchdb/server/testing/client.ts',
  ])('leaves out %s', (file) => expect(belongsToImage(file)).toBe(false));
});
