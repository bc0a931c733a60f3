import { audit } from './audit.ts';
import { busyRecording } from './testing/scene.ts';
import { verifiedLine } from './verified.ts';

describe('verifiedLine', () => {
  it('counts what was verified in all audits', () => {
    const result = audit(busyRecording());
    expect(verifiedLine([result])).toBe('130 signatures, 65 policies, 33 codes derived');
    expect(verifiedLine([result, null, result])).toMatch(/^260 signatures/);
  });

  it('groups thousands, and says nothing where nothing was', () => {
    expect(verifiedLine([null, { checks: [] }])).toBeUndefined();
    const [check] = audit(busyRecording()).checks;
    if (!check) throw new Error('no check');
    const checks = [{ ...check, id: 'F26', counts: { signatures: 41_210 } }];
    expect(verifiedLine([{ checks }])).toMatch(/^41,210 signatures/);
  });
});
