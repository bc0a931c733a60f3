import { elementAt, timeOf } from './der.ts';

const time = (tag: number, text: string) =>
  timeOf(elementAt(Buffer.concat([Buffer.of(tag, text.length), Buffer.from(text)])));

describe('a time in a certificate', () => {
  it('has two digits of the year, or four', () => {
    expect(time(0x17, '361101123456Z')).toBe(Date.UTC(2036, 10, 1, 12, 34, 56));
    expect(time(0x17, '500101000000Z')).toBe(Date.UTC(1950, 0, 1));
    expect(time(0x17, '4912312359Z')).toBe(Date.UTC(2049, 11, 31, 23, 59));
    expect(time(0x18, '20611101123456Z')).toBe(Date.UTC(2061, 10, 1, 12, 34, 56));
  });

  it('is nothing else', () => {
    expect(() => time(0x17, '20611101123456Z')).toThrow('no time');
    expect(() => time(0x04, '361101123456Z')).toThrow('no time');
  });
});
