import { mkdirSync } from 'node:fs';
import { appendTo, paths, writeEnvironment, writeOrdering, writeScenario } from '../evidence.ts';
import type { ChaincodeEventTold } from '../recording.ts';
import { LedgerBuilder, type TestRecording } from '../testing/ledger-builder.ts';

const ACCOUNTS = 1_000;
const IN_A_BLOCK = 10;

/**
 * Writes the evidence of a valid run: transfers of two organisations in blocks of ten, one in fifty of them in
 * conflict, one read for each ten transfers. Blocks go to disk as they are cut, so that generating needs no more memory
 * than auditing.
 *
 * @param dir - an empty folder
 * @param transactions - how many transfers
 */
export function generate(dir: string, transactions: number): void {
  mkdirSync(dir, { recursive: true });
  const ledger = new LedgerBuilder();
  const { channel } = ledger;
  ledger.begin();
  for (let prefix = 0; prefix < ACCOUNTS / 100; prefix += 1) {
    ledger.submit('openMany', [`p${prefix}-`, '100', `owner${prefix}`, '1000000']);
  }
  ledger.cut();
  // A fixed linear congruential sequence: the same run every time.
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const account = (number: number): string => `p${Math.floor(number / 100)}-${number % 100}`;

  const history = appendTo(paths.history(dir));
  const files = new Map<string, ReturnType<typeof appendTo>>();
  const file = (path: string) => {
    const open = files.get(path) ?? appendTo(path);
    files.set(path, open);
    return open;
  };
  const drain = (): void => {
    for (const record of ledger.history.splice(0)) history.line(record);
    ledger.drain((recording) => save(recording));
  };
  const save = ({
    chain,
    streams,
    told,
  }: Pick<TestRecording, 'chain' | 'streams'> & {
    readonly told: readonly ChaincodeEventTold[];
  }): void => {
    for (const [source, blocks] of chain) {
      for (const raw of blocks) file(paths.blocks(dir, channel, source)).block(raw);
    }
    for (const [peer, events] of streams) {
      for (const event of events) file(paths.events(dir, channel, peer)).line(event);
      for (const event of told) {
        file(paths.chaincodeEvents(dir, channel, peer)).line(event);
        file(paths.replayedEvents(dir, channel, peer)).line(event);
      }
    }
  };
  for (let made = 0; made < transactions; made += IN_A_BLOCK) {
    // Ten different pairs, so that conflicts come only where one is wanted.
    const first = random(ACCOUNTS);
    for (let lane = 0; lane < IN_A_BLOCK; lane += 1) {
      const wanted = made % (50 * IN_A_BLOCK) === 0 && lane === 1 ? 0 : lane;
      const from = account((first + wanted * 2) % ACCOUNTS);
      const to = account((first + wanted * 2 + 1) % ACCOUNTS);
      ledger.order(
        ledger.endorse('transfer', [from, to, String(1 + random(9))], {
          client: lane % 2 === 0 ? 'org1' : 'org2',
          peers: lane % 3 === 0 ? ['peer0.org1', 'peer0.org2'] : ['peer1.org1', 'peer1.org2'],
        }),
      );
    }
    ledger.cut();
    ledger.evaluate('balance', [account(random(ACCOUNTS))]);
    drain();
  }
  const recording = ledger.recording();
  for (const [peer, entries] of recording.states) {
    for (const entry of entries) file(paths.state(dir, channel, peer)).line(entry);
  }
  for (const { component, lines } of recording.logs) {
    for (const line of lines) file(paths.log(dir, component)).line(line);
  }
  for (const record of recording.orderingLog(channel) ?? []) {
    file(paths.orderingLog(dir, channel)).line(record);
  }
  writeScenario(dir, recording.scenario);
  if (recording.environment) writeEnvironment(dir, recording.environment);
  if (recording.ordering) writeOrdering(dir, recording.ordering);
  history[Symbol.dispose]();
  for (const open of files.values()) open[Symbol.dispose]();
}
