import { nestedHostConfig } from './nested.ts';

describe('nestedHostConfig', () => {
  it('asks for nothing beyond privileged where that is allowed', () => {
    expect(nestedHostConfig('privileged')).toEqual({
      Privileged: true,
      Tmpfs: { '/run': 'rw,exec' },
    });
  });

  it('gives all capabilities but SYS_RESOURCE, and unmasks the system paths, where it is not', () => {
    const config = nestedHostConfig('caps');
    expect(config).toMatchObject({ Privileged: false, CapAdd: ['ALL'], CapDrop: ['SYS_RESOURCE'] });
    expect(config.MaskedPaths).toEqual([]);
    expect(config.ReadonlyPaths).toEqual([]);
    expect(config.DeviceCgroupRules).toEqual(['a *:* rwm']);
  });
});
