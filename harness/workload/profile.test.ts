import {
  accountId,
  openings,
  overdraftAmount,
  type TransferOptions,
  transfers,
} from './profile.ts';

describe('transfers', () => {
  it('without options are plain transfers in a closed loop', () => {
    const profile = transfers();
    expect(profile).toMatchObject({
      pace: { kind: 'closed', gap: 10 },
      contention: { share: 0 },
      overdrafts: 0,
      doubleSpends: 0,
      reads: { share: 0 },
      moves: { share: 0 },
    });
    expect(Object.isFrozen(profile)).toBe(true);
  });

  it('take short forms', () => {
    const profile = transfers({ rate: 20, amount: 5, contention: 0.3, moves: 0.1 });
    expect(profile.pace).toEqual({ kind: 'rate', perSecond: 20 });
    expect(profile.amount).toEqual({ least: 5, most: 5 });
    expect(profile.contention).toEqual({ share: 0.3, accounts: 4 });
    expect(profile.moves).toEqual({ share: 0.1, balance: 1_000_000 });
  });

  it.each<[TransferOptions, string]>([
    [{ clients: 0 }, 'clients: expected a whole number from 1, got 0'],
    [{ clients: 4, accounts: 11 }, 'accounts: expected a whole number from 12, got 11'],
    [{ amount: 0 }, 'amount.least: expected a whole number from 1, got 0'],
    [{ amount: { least: 5, most: 4 } }, 'amount.most: expected a whole number from 5, got 4'],
    [{ contention: 1.5 }, 'contention.share: expected a share from 0 to 1, got 1.5'],
    [{ overdrafts: -0.1 }, 'overdrafts: expected a share from 0 to 1, got -0.1'],
    [{ overdrafts: 0.6, moves: 0.6 }, 'overdrafts + reads.share + moves.share: expected at most 1'],
    [
      { client: 'sdk' as 'harness' },
      'client: expected harness, fabric-network, fabric-gateway, got sdk',
    ],
    [
      { client: 'fabric-network', reads: { share: 0.1, peers: ['peer0.org1'] } },
      'reads.share: expected 0, since only client',
    ],
    [{ doubleSpends: 0.1, clients: 1 }, 'doubleSpends: expected two clients or more'],
    [{ rate: 0 }, 'rate: expected more than 0, got 0'],
    [{ gap: 0 }, 'gap: expected at least 1 ms, got 0'],
    [{ steps: 1.5 }, 'steps: expected a whole number or Infinity, got 1.5'],
    [{ timeout: 0 }, 'timeout: expected milliseconds above 0, got 0'],
    [{ balance: Number.MAX_SAFE_INTEGER }, 'balance: expected a total below 2^53'],
    [{ reads: { accounts: 41 } }, 'reads.accounts: expected at most 40, got 41'],
  ])('refuse %p', (options, message) => {
    expect(() => transfers(options)).toThrow(`load profile: ${message}`);
  });

  it('open accounts in batches whose ids are those that are used', () => {
    const profile = transfers({ prefix: 's1', accounts: 1_001, clients: 2, balance: 7 });
    expect(openings(profile)).toEqual([
      { function: 'openMany', args: ['s10-', '500', 'Load', '7'] },
      { function: 'openMany', args: ['s11-', '500', 'Load', '7'] },
      { function: 'openMany', args: ['s12-', '1', 'Load', '7'] },
    ]);
    expect([0, 499, 500, 1_000].map((index) => accountId(profile, index))).toEqual([
      ...['s10-0', 's10-499', 's11-0', 's12-0'],
    ]);
  });

  it('open purses and entities only where they are used', () => {
    const profile = transfers({ clients: 5, doubleSpends: 0.1, moves: 0.1, amount: 3 });
    expect(openings(profile).slice(1)).toEqual([
      { function: 'openMany', args: ['xpurse0-', '4', 'Load', '3'] },
      { function: 'openMany', args: ['xpurse1-', '4', 'Load', '3'] },
      { function: 'init', args: ['x-a', '1000000', 'x-b', '1000000'] },
    ]);
  });

  it('overdraw more than there is', () => {
    const profile = transfers({ clients: 4, accounts: 20, balance: 10, amount: 3 });
    expect(overdraftAmount(profile)).toBe(20 * 10 + 4 * 4 * 3 + 1);
  });
});
