import { judge } from '../testing/forge.ts';
import { busyRecording } from '../testing/scene.ts';
import { certificatesLast } from './certificates.ts';

const DAY = 86_400_000;
/** The paper network's certificates end on 1 November 2036. */
const END = Date.UTC(2036, 10, 1);

describe('C1 certificates in force', () => {
  const read = (readAt: number | undefined, until = END + DAY) => {
    const recording = busyRecording();
    const { readAt: _, ...scenario } = recording.scenario;
    recording.scenario = {
      ...scenario,
      kind: 'ledger',
      ...(readAt !== undefined && { readAt }),
      certificates: [{ what: 'TLS certificate that orderer0 shows', until }],
    };
    return judge(certificatesLast, recording);
  };

  it('accepts those that do not end within thirty days, and says nothing of them', () => {
    const result = read(END - 30 * DAY);
    expect(result.verdict).toBe('valid');
    expect(result.notes).toBeUndefined();
    // Roots of three organisations, four endorsers, and what the node showed.
    expect(result.counts.certificates).toBeGreaterThanOrEqual(6);
  });

  it('tells which end soon, with the day, and does not mind', () => {
    const result = read(END - 31 * DAY, END - 11 * DAY);
    expect(result).toMatchObject({ verdict: 'valid', counts: { 'that end soon': 1 } });
    expect(result.notes).toEqual([
      'the TLS certificate that orderer0 shows ends in 20 days, on 2036-10-21',
    ]);
    expect(read(END - 29 * DAY).notes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^the root of Org1MSP ends in 29 days, on 2036-11-01$/),
        expect.stringMatching(/^the certificate of peer0.org1.*, which endorses ends in 29 days/),
      ]),
    );
  });

  it('rejects one that has ended, to the millisecond', () => {
    expect(read(END - 40 * DAY, END - 40 * DAY).evidence).toEqual([
      { message: 'the TLS certificate that orderer0 shows has ended on 2036-09-22' },
    ]);
    expect(read(END - 40 * DAY, END - 40 * DAY + 1).verdict).toBe('valid');
    expect(read(END).verdict).toBe('invalid');
    expect(read(END - 1).verdict).toBe('valid');
  });

  it('is unknown where the time of reading was not recorded', () => {
    expect(read(undefined)).toMatchObject({
      verdict: 'unknown',
      reason: 'when the ledger was read is not recorded',
    });
  });
});
