import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Session } from '../session.ts';
import { saveBlocks } from './collect.ts';

it('asks a node that has stayed behind for no more blocks than it has', async () => {
  const asked: Record<string, number> = {};
  const ledgers = {
    members: () => ({
      orderers: [{ name: 'orderer0' }, { name: 'orderer1' }],
      peers: [{ name: 'peer0' }],
    }),
    heights: async () =>
      new Map([
        ['orderer0', 9],
        ['orderer1', 4],
        ['peer0', undefined],
      ]),
    async *blocks(name: string, _channel: string, last: number) {
      asked[name] = last;
      yield Buffer.from('block');
    },
  };
  const session = { network: { ledgers } } as unknown as Session;
  const folder = mkdtempSync(path.join(tmpdir(), 'collect-'));
  try {
    await saveBlocks(session, folder, 'c', 9);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  expect(asked).toEqual({ orderer0: 8, orderer1: 3, peer0: 8 });
});
