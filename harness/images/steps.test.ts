import { once } from './concurrency.ts';
import { packagesFor } from './host-tools.ts';
import { compareLock } from './steps.ts';

describe('compareLock', () => {
  const lock = 'aa  kafka.jar\nbb  zookeeper.jar\n';

  it('is content with exactly the jars of the lock file', () => {
    expect(
      compareLock(
        lock,
        new Map([
          ['kafka.jar', 'aa'],
          ['zookeeper.jar', 'bb'],
        ]),
      ),
    ).toEqual([]);
  });

  it('names each jar that is missing, different or unknown', () => {
    expect(
      compareLock(
        lock,
        new Map([
          ['kafka.jar', 'ff'],
          ['new.jar', 'cc'],
        ]),
      ),
    ).toEqual([
      'kafka.jar: expected sha256 aa, got ff',
      'zookeeper.jar: expected, not there',
      'new.jar: not in the lock file',
    ]);
  });
});

describe('packagesFor', () => {
  it('leaves tool chains to the user, and takes on what a fresh Debian lacks', () => {
    expect(packagesFor(['go', 'cc', 'mvn'])).toEqual({
      ours: ['gcc', 'libc6-dev'],
      theirs: ['golang-go', 'maven'],
    });
  });
});

describe('once', () => {
  it('makes each thing once, failures too', async () => {
    let made = 0;
    const need = once(async (name: string) => {
      made += 1;
      if (name === 'bad') throw new Error('no');
      return name.toUpperCase();
    });
    expect(await Promise.all([need('a'), need('a'), need('b')])).toEqual(['A', 'A', 'B']);
    await expect(need('bad')).rejects.toThrow('no');
    await expect(need('bad')).rejects.toThrow('no');
    expect(made).toBe(3);
  });
});
