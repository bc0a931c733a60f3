import { check, disagreements, headerHashes, transferThrough } from 'fabric-swarm-harness';

// What all other scenarios take for granted: both organisations can write, every peer can read, and there is one chain.
check(
  'a transfer through each organisation and one chain on every node',
  async (session, notes) => {
    const { endpoints, connections, network } = session;
    const channel = network.topology.channels[0]?.name ?? '';
    let newest = 0;
    for (const { mspId } of endpoints.organisations) {
      await notes.step(`${mspId}'s transfer, read from every peer`, '107 on each', async () => {
        const prefix = `check-${Date.now().toString(36)}-`;
        const { block, balances } = await transferThrough(endpoints, channel, mspId, prefix, 7);
        newest = block;
        const seen = [...balances].map(([peer, balance]) => `${peer} ${balance}`).join(', ');
        return { met: [...balances.values()].every((b) => b === '107'), seen };
      });
    }
    await notes.step('header hashes', 'the same on all peers and orderers', async () => {
      const hashes = await headerHashes(connections, endpoints, channel, newest);
      const different = disagreements(hashes);
      const same = `${newest + 1} blocks of ${[...hashes.keys()].join(', ')} are the same`;
      return { met: different.length === 0, seen: different.join('; ') || same };
    });
  },
);
