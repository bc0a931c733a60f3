import { measuredPatience, PATIENCE, patience, patient, settlePatience } from './patience.ts';
import { waitFor } from './wait.ts';

const before = process.env[PATIENCE];
afterEach(() => {
  if (before === undefined) delete process.env[PATIENCE];
  else process.env[PATIENCE] = before;
});

describe('patience that is measured', () => {
  it.each([
    ['an ordinary machine', 5, 1],
    ['one that is busy just now', 8, 1],
    ['a third of the speed', 15, 3],
    ['emulation', 73, 14.5],
    ['something stranger still', 10_000, 20],
  ])('is in halves, and not below one nor above twenty: %s', (_, ms, expected) => {
    expect(measuredPatience(() => ms)).toBe(expected);
  });

  it('goes by the fastest look', () => {
    const looks = [400, 90, 16];
    expect(measuredPatience(() => looks.pop() ?? 15)).toBe(3);
  });
});

it('is taken from the setting before it is measured, and left to what the process starts', () => {
  settlePatience(7);
  expect(process.env[PATIENCE]).toBe('7');
  expect(patience()).toBe(7);
});

it.each([undefined, '', '0.1', 'much'])('is one for the environment %j', (value) => {
  expect(patience({ [PATIENCE]: value })).toBe(1);
});

describe('with a patience of 15', () => {
  beforeEach(() => settlePatience(15));

  it('a wait goes on fifteen times as long', async () => {
    let now = 0;
    const clock = {
      now: () => now,
      until: async (deadline: number) => {
        now = deadline;
      },
    };
    const options = { subject: 's', expected: 'e', budgetMs: 1_000, intervalMs: 500, clock };
    const late = waitFor(options, () => (now >= 14_000 ? 'there' : undefined));
    expect(await late).toBe('there');
    now = 0;
    await expect(waitFor(options, () => undefined)).rejects.toThrow('within 15.0 s');
  });

  it('an expectation of a scenario is longer only where its author says so', () => {
    expect({ strict: 30_000, lenient: patient(30_000) }).toEqual({
      strict: 30_000,
      lenient: 450_000,
    });
  });
});
