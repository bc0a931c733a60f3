import type { FaultEvent } from '../../workload/history.ts';
import { LedgerBuilder, ORDERERS, type TestRecording } from './ledger-builder.ts';

/** All nodes whose copies a recording has. */
export const SOURCES = [
  'peer0.org1',
  'peer0.org2',
  'peer1.org1',
  'peer1.org2',
  'orderer0',
  'orderer1',
] as const;

/** A fault's phase, as the runner records it. */
export function fault(
  ledger: LedgerBuilder,
  number: number,
  phase: FaultEvent['phase'],
  kind = 'crash',
): void {
  ledger.now += 1;
  ledger.history.push({
    type: 'fault',
    fault: number,
    phase,
    kind,
    role: 'orderer',
    targets: ['orderer0'],
    at: ledger.now,
    ...(phase === 'healed' ? { healedAt: ledger.now } : {}),
  });
}

/** Twelve accounts, two entities and a few transfers: the quiet part that every scene begins with. */
export function opened(isDefined = true): LedgerBuilder {
  const ledger = new LedgerBuilder('mychannel', isDefined);
  ledger.configure();
  ledger.begin();
  ledger.submit('openMany', ['a', '10', 'ann', '100']);
  ledger.submit('open', ['bob', 'bob', '50']);
  ledger.submit('init', ['x', '100', 'y', '200']);
  ledger.cut();
  return ledger;
}

/** Transfers around a ring of accounts, `count` blocks of three. */
export function transfers(ledger: LedgerBuilder, count: number): void {
  for (let block = 0; block < count; block += 1) {
    for (let lane = 0; lane < 3; lane += 1) {
      const from = (block * 3 + lane) % 10;
      ledger.submit('transfer', [`a${from}`, `a${(from + 5) % 10}`, String(1 + lane)], {
        client: lane % 2 === 0 ? 'org1' : 'org2',
      });
    }
    ledger.cut();
  }
}

/** A transfer that was endorsed before another changed what it read: refused as MVCC conflict. */
export function conflict(ledger: LedgerBuilder): void {
  const stale = ledger.endorse('transfer', ['a0', 'a1', '1']);
  ledger.submit('transfer', ['a0', 'a2', '1']);
  ledger.cut();
  ledger.order(stale);
  ledger.cut();
}

/**
 * A run in which everything that the checks look at happens, and all is well: conflicts within and across blocks, a
 * phantom, a duplicate, refusals, reads of every function, a fault with heal and recovery.
 */
export function busy(): LedgerBuilder {
  const ledger = opened();
  transfers(ledger, 4);
  conflict(ledger);
  // Two spends of the same money in one block.
  ledger.submit('transfer', ['a3', 'a4', '7']);
  ledger.submit('transfer', ['a3', 'a5', '7']);
  ledger.cut();
  // A phantom: the range was empty when it was read.
  const late = ledger.endorse('openMany', ['c', '2', 'cid', '5']);
  ledger.submit('openMany', ['c', '2', 'cid', '5']);
  ledger.cut();
  ledger.order(late);
  ledger.cut();
  // The same envelope ordered twice.
  const twice = ledger.submit('move', ['x', 'y', '10']);
  ledger.order(twice, 'nothing');
  ledger.cut();
  fault(ledger, 1, 'inject');
  fault(ledger, 1, 'verified');
  ledger.submit('transfer', ['a6', 'a7', '2']);
  const timedOut = ledger.endorse('transfer', ['a8', 'a9', '2']);
  ledger.order(timedOut, { outcome: 'unknown', stage: 'commit' });
  ledger.cut();
  const lost = ledger.endorse('transfer', ['a8', 'a1', '3']);
  ledger.complete(lost.operation, { outcome: 'unknown', stage: 'broadcast' });
  const refused = ledger.endorse('transfer', ['a8', 'a2', '3']);
  ledger.complete(refused.operation, { outcome: 'fail', stage: 'broadcast', orderer: 'orderer1' });
  fault(ledger, 1, 'heal');
  fault(ledger, 1, 'healed');
  transfers(ledger, 2);
  ledger.submit('delete', ['y']);
  ledger.cut();
  for (const [name, args] of [
    ['balance', ['a0']],
    ['account', ['bob']],
    ['query', ['x']],
    ['total', []],
    ['read', ['a0', 'a1', 'bob']],
    ['accountsByOwner', ['ann']],
  ] as const) {
    ledger.evaluate(name, args);
  }
  return ledger;
}

/** The busy run's recording with expectations that it meets. */
export function busyRecording(): TestRecording {
  const recording = busy().recordingOfAll();
  recording.scenario = {
    ...recording.scenario,
    expectations: {
      recovery: { orderers: ORDERERS, budget: 5_000 },
      availability: [
        { phase: 'before', kind: 'submit', leastOk: 0.5 },
        { phase: 'during', kind: 'submit', leastOk: 0.25, mostOk: 0.5, refusedWithin: 1_000 },
        { phase: 'after', kind: 'evaluate', leastOk: 1 },
      ],
    },
  };
  return recording;
}

/** The busy run's recording with a key that has a policy of its own and private data as well. */
export function soundRecording(): TestRecording {
  return busyRecording();
}
