import type { LoadClient, SubmitRequest } from '../../workload/client.ts';
import { History } from '../../workload/history-writer.ts';
import { bankProbe } from '../../workload/probe.ts';
import { type Waking, wake } from './wake.ts';

/** A clock that is where it is waited for. */
function clockOf() {
  let now = 0;
  return {
    now: () => now,
    until: async (deadline: number) => {
      now = Math.max(now, deadline);
      return true;
    },
  };
}

describe('orderers that hold what they took', () => {
  /** @param held how many probes it takes until they hold nothing any more */
  async function woken(sleeps: boolean, held: number): Promise<readonly string[]> {
    const sent: string[] = [];
    const client = (orderer: string) =>
      ({
        ...{ name: `probe-${orderer}`, msp: 'Org1MSP', channel: 'c', chaincode: 'bank' },
        submit: async (request: SubmitRequest) => {
          request.prepared({ transactionId: '0'.repeat(64), peers: [] });
          sent.push(`${orderer} ${request.args.join(' ')}`);
          return { outcome: 'ok', stage: 'commit' };
        },
      }) as unknown as LoadClient;
    const clock = clockOf();
    const history = new History({ write: () => {}, close: () => {} }, clock);
    const ledgers = {
      ready: async () => {
        if (sent.length < held) throw new Error('orderer0 holds 2 requests');
      },
    };
    const session = {
      network: { ordering: { sleeps }, ledgers },
      ...{ clock, signal: new AbortController().signal },
    } as unknown as Waking['session'];
    const probes = new Map(['orderer0', 'orderer1'].map((name) => [name, client(name)]));
    const operation = (orderer: string, number: number) => bankProbe('p-', orderer, number);
    await wake({ session, channel: 'c', probes, operation, history });
    history.close();
    return sent;
  }

  it('are given one more transaction each, and again while that does not help', async () => {
    expect(await woken(true, 1)).toEqual([
      'orderer0 p-orderer0-0 p-orderer0-1 1',
      'orderer1 p-orderer1-0 p-orderer1-1 1',
    ]);
    expect(await woken(true, 3)).toHaveLength(4);
    expect(await woken(true, Number.POSITIVE_INFINITY)).toHaveLength(6);
  });

  it('are left alone when they rest, and where they would not sleep', async () => {
    expect(await woken(true, 0)).toEqual([]);
    expect(await woken(false, 1)).toEqual([]);
  });
});
