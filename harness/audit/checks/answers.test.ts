import type { PeerAnswer } from '../recording.ts';
import { judge } from '../testing/forge.ts';
import { busyRecording } from '../testing/scene.ts';
import { sameAnswers } from './answers.ts';

const QUERY = 'bank:["read","a1"]';

describe('Q1 same answer from every peer', () => {
  const asked = (answers: Record<string, Omit<PeerAnswer, 'query'>>, queries = [QUERY]) => {
    const recording = busyRecording();
    const { mychannel } = recording.scenario.channels;
    if (!mychannel) throw new Error('no facts');
    recording.scenario = {
      ...recording.scenario,
      channels: { mychannel: { ...mychannel, queries } },
    };
    return judge(
      sameAnswers,
      Object.assign(recording, {
        answers: () =>
          Object.entries(answers).map(([peer, answer]) => ({
            peer,
            answers: [{ query: QUERY, ...answer }],
          })),
      }),
    );
  };
  const right = { result: '7', reads: 'ab' };

  it('accepts equal answers, and passes over who has no such chaincode, with a note', () => {
    const result = asked({ p0: right, p1: right, p2: { error: 'not installed' } });
    expect(result).toMatchObject({ verdict: 'valid', counts: { answers: 2 } });
    expect(result.notes).toEqual([`${QUERY}: p2: not installed`]);
  });

  it('rejects the minority, by name', () => {
    expect(asked({ p0: { ...right, result: '8' }, p1: right, p2: right }).evidence).toEqual([
      { sources: ['p0'], message: `${QUERY}: p0 answered 8, expected 7 as p1, p2` },
    ]);
  });

  it('names all of the minority, and shows of an answer its beginning, or that it is none', () => {
    const long = (length: number) => ({ ...right, result: 'x'.repeat(length) });
    const told = (one: object, other: object) =>
      asked({ p0: one, p1: other, p2: other, p3: one, p4: other } as Record<
        string,
        Omit<PeerAnswer, 'query'>
      >).evidence.map(({ message }) => message);
    expect(told(long(81), { ...right, result: '' })).toEqual([
      `${QUERY}: p0, p3 answered ${'x'.repeat(80)}…, expected nothing as p1, p2, p4`,
    ]);
    expect(told(long(80), { result: '7' })).toEqual([
      `${QUERY}: p0, p3 answered ${'x'.repeat(80)}, expected 7 as p1, p2, p4`,
    ]);
  });

  it('does not know where nobody told of a query', () => {
    expect(asked({ p0: right, p1: right }, [QUERY, 'bank:["total"]'])).toMatchObject({
      verdict: 'unknown',
      reason: 'bank:["total"]: expected answers of two peers, seen 0',
    });
  });

  it('rejects an equal answer from other versions', () => {
    expect(asked({ p0: right, p1: right, p2: { ...right, reads: 'cd' } }).evidence).toEqual([
      {
        sources: ['p2'],
        message: `${QUERY}: p2 answered the same from other versions of what it read as p0, p1`,
      },
    ]);
  });

  it('is unknown with one answer, and has nothing to say where nobody was asked', () => {
    expect(asked({ p0: right, p1: { error: 'away' } })).toMatchObject({
      verdict: 'unknown',
      reason: `${QUERY}: expected answers of two peers, seen 1`,
    });
    const none = { applicable: false, reason: 'no peer was asked', counts: { violations: 0 } };
    expect(asked({}, [])).toMatchObject(none);
    expect(judge(sameAnswers, busyRecording())).toMatchObject(none);
  });
});
