import fc from 'fast-check';
import { audit } from '../audit.ts';
import { forge, forgeries } from './forging.ts';
import { meaningless } from './meaningless.ts';
import { soundRecording } from './scene.ts';

describe('a random single change to a sound recording', () => {
  const sound = soundRecording();

  it('is a change to something that is valid as it is', () => {
    expect(audit(sound).verdict).toBe('valid');
  });

  it('is noticed, or among those that mean nothing', () => {
    fc.assert(
      fc.property(forgeries, (forgery) => {
        const forged = forge(sound, forgery);
        fc.pre(forged !== undefined);
        if (audit(forged.recording).verdict !== 'valid') return;
        expect({ ...forged, recording: undefined, why: meaningless(forged.label) }).toEqual({
          label: forged.label,
          detail: forged.detail,
          why: expect.any(String),
        });
      }),
      // Always the same changes, so that a commit is judged by what it does; test:forging draws new ones.
      { numRuns: 60, seed: 20_261_128 },
    );
  });
});
