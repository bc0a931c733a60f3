import { audit } from './audit.ts';
import { busyRecording } from './testing/scene.ts';

describe('audit', () => {
  it('finds a run valid in which everything happened and all is well', () => {
    const result = audit(busyRecording());
    const others = result.checks.filter(({ verdict }) => verdict !== 'valid');
    expect(others).toEqual([]);
    expect(result.verdict).toBe('valid');
  });
});
