import {
  atLeast,
  goNeeded,
  judgeDebootstrap,
  judgeGo,
  judgeHelper,
  judgeNode,
  versionIn,
} from './doctor-tools.ts';

const ROOT_ON_DEBIAN = { root: true, installs: true };
const USER = { root: false, installs: false };

describe('versions', () => {
  it.each([
    ['v24.21.0', '24.21.0'],
    ['go version go1.26.8 linux/amd64', '1.26.8'],
    ['Apache Maven 3.8.7', '3.8.7'],
    ['openjdk version "17.0.15" 2025-04-15', '17.0.15'],
    ['openjdk version "21" 2023-09-19', '21'],
    ['gcc (Debian 12.2.0-14) 12.2.0', '12.2.0'],
    ['no number', undefined],
  ])('in %j is %s', (text, version) => {
    expect(versionIn(text)).toBe(version);
  });

  it('are compared by number, part by part', () => {
    expect(atLeast('1.24', '1.24')).toBe(true);
    expect(atLeast('1.24.0', '1.24')).toBe(true);
    expect(atLeast('1.9', '1.24')).toBe(false);
    expect(atLeast('2', '1.24')).toBe(true);
    expect(atLeast('22', '22.22')).toBe(false);
  });
});

describe('Node', () => {
  it.each([
    ['v24.1.0', false, 'ok', ''],
    ['v22.22.0', false, 'ok', ''],
    ['v20.19.0', true, 'ok', ''],
    ['v20.19.0', false, 'missing', 'npm ci'],
    ['v18.20.0', true, 'missing', 'install Node 20 or newer (https://nodejs.org), then npm ci'],
    [undefined, true, 'missing', 'install Node 20 or newer (https://nodejs.org), then npm ci'],
  ] as const)('%s, with the one of npm: %s, is %s', (text, bundled, state, fix) => {
    expect(judgeNode(text, bundled)).toMatchObject({ state, fix });
  });

  it('says which one will run', () => {
    expect(judgeNode('v20.19.0', true).found).toMatch(/^20\.19\.0; the Node 24 .* takes over$/);
    expect(judgeNode('v24.1.0', true).found).toBe('24.1.0');
  });
});

describe('Go', () => {
  const at = (version: string) => `go version go${version} linux/amd64`;

  it.each([
    ['1.24.4', 'local', 'ok'],
    ['1.22.2', 'auto', 'limited'],
    ['1.22.2', 'local', 'missing'],
    ['1.19.8', '', 'missing'],
  ] as const)('%s with GOTOOLCHAIN=%s is %s', (version, toolchain, state) => {
    expect(judgeGo(at(version), toolchain, '1.24').state).toBe(state);
  });

  it('that is not there is missing, with what to do', () => {
    expect(judgeGo(undefined, undefined, '1.24')).toMatchObject({
      state: 'missing',
      found: 'not found',
      fix: expect.stringContaining('apt-get install golang-go'),
    });
  });

  it('must be what the modules of the images ask for', () => {
    expect(goNeeded()).toMatch(/^1\.\d+(\.\d+)?$/);
    expect(atLeast(goNeeded(), '1.20')).toBe(true);
  });
});

describe('a program that the harness installs', () => {
  it('is no problem where it may, and says so', () => {
    const finding = judgeHelper('gcc', undefined, ROOT_ON_DEBIAN, 'any', 'gcc');
    expect(finding).toMatchObject({ state: 'ok', fix: '' });
    expect(finding.found).toContain('the harness installs it');
  });

  it('is missing where it may not', () => {
    expect(judgeHelper('gcc', undefined, USER, 'any', 'gcc libc6-dev')).toMatchObject({
      state: 'missing',
      fix: 'apt-get install --no-install-recommends gcc libc6-dev',
    });
  });
});

describe('debootstrap', () => {
  it('is not needed where a registry answers', () => {
    expect(judgeDebootstrap(undefined, USER, true)).toMatchObject({ state: 'ok', fix: '' });
  });

  it.each([
    ['/usr/sbin/debootstrap', ROOT_ON_DEBIAN, 'ok'],
    [undefined, ROOT_ON_DEBIAN, 'ok'],
    [undefined, { root: true, installs: false }, 'missing'],
    // it makes device files and changes its root
    ['/usr/sbin/debootstrap', USER, 'missing'],
  ] as const)('without a registry: %s for %j is %s', (text, host, state) => {
    expect(judgeDebootstrap(text, host, false).state).toBe(state);
  });
});
