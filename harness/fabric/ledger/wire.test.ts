import { FieldReader, MalformedMessage } from './wire.ts';
import { FieldWriter } from './wire-writer.ts';

const reader = (...bytes: number[]): FieldReader => new FieldReader(Buffer.from(bytes));

describe('FieldReader', () => {
  it('reads what the writer wrote', () => {
    const writer = new FieldWriter();
    writer.integer(1, 0);
    writer.integer(16, Number.MAX_SAFE_INTEGER);
    writer.text(2, 'ü', 'utf8');
    writer.text(3, '\u00ff', 'latin1');
    writer.text(4, 'c0ffee', 'hex');
    writer.content(5, Buffer.alloc(10_000, 7));
    const fields = new FieldReader(Buffer.from(writer.bytes));
    const values: unknown[] = [];
    while (fields.next()) {
      const { field } = fields;
      if (fields.wireType === 0) values.push([field, fields.varint()]);
      else if (field === 2) values.push([field, fields.text()]);
      else values.push([field, fields.view().subarray(0, 3).toString('hex')]);
    }
    expect(values).toEqual([
      [1, 0],
      [16, Number.MAX_SAFE_INTEGER],
      [2, 'ü'],
      [3, 'ff'],
      [4, 'c0ffee'],
      [5, '070707'],
    ]);
    writer.clear();
    expect(writer.bytes).toHaveLength(0);
  });

  it('reads negative integers in two’s complement', () => {
    const bytes = [0x08, ...Array<number>(9).fill(0xff), 0x01];
    const fields = reader(...bytes);
    expect(fields.next()).toBe(true);
    expect(fields.signed()).toBe(-1);
    expect(fields.next()).toBe(false);
  });

  it('skips fields of every kind', () => {
    const fields = reader(
      0x08,
      0x96,
      0x01, // integer
      0x11,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8, // 64 bits
      0x1a,
      0x02,
      9,
      9, // content
      0x25,
      1,
      2,
      3,
      4, // 32 bits
      0x28,
      0x05,
    );
    const seen: number[] = [];
    while (fields.next()) {
      seen.push(fields.field);
      if (fields.field === 5) expect(fields.varint()).toBe(5);
      else fields.skip();
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it.each<[string, number[], (fields: FieldReader) => unknown]>([
    ['integer cut off at byte 2', [0x08, 0x80], (fields) => fields.varint()],
    ['integer cut off at byte 2', [0x08, 0x80], (fields) => fields.signed()],
    ['integer too long', [0x08, ...Array<number>(11).fill(0x80), 1], (fields) => fields.varint()],
    ['integer too long', [0x08, ...Array<number>(11).fill(0x80), 1], (fields) => fields.signed()],
    [
      'integer beyond 2^53',
      [0x08, ...Array<number>(7).fill(0xff), 0x7f],
      (fields) => fields.varint(),
    ],
    ['field 1 wants 3 bytes at byte 2, 1 are left', [0x0a, 3, 1], (fields) => fields.view()],
    ['field 1 has wire type 0 where 2 was expected', [0x08, 1], (fields) => fields.text()],
    ['wire type 3', [0x0b], (fields) => fields.skip()],
    ['wants 8 bytes', [0x09, 1], (fields) => fields.skip()],
    ['wants 4 bytes', [0x0d, 1], (fields) => fields.skip()],
  ])('throws "%s" for %j', (message, bytes, read) => {
    const fields = reader(...bytes);
    fields.next();
    expect(() => read(fields)).toThrow(MalformedMessage);
    const again = reader(...bytes);
    again.next();
    expect(() => read(again)).toThrow(message);
  });

  it('throws for field number 0', () => {
    expect(() => reader(0x00, 0x00).next()).toThrow('field number 0 at byte 1');
  });

  it('keeps a message within its bounds', () => {
    const fields = reader(0x0a, 0x02, 0x12, 0x05, 1, 2, 3, 4, 5);
    fields.next();
    const inner = fields.message();
    inner.next();
    expect(() => inner.view()).toThrow('field 2 wants 5 bytes at byte 4, 0 are left');
  });
});
