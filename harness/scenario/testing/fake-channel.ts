import { type Endorsed, LedgerBuilder } from '../../audit/testing/ledger-builder.ts';
import { parseExact } from '../../base/exact-json.ts';
import { codeName } from '../../fabric/ledger/codes.ts';
import type { BlockTold, StateDocument } from '../../network/port.ts';
import type { Clock } from '../../workload/clock.ts';

/** Milliseconds from the first transaction of a block to the block. */
const BATCH_MS = 50;

/** Where an ordered transaction ended. */
export interface Committed {
  readonly block: number;
  /** Validation code, e.g. `VALID`. */
  readonly code: string;
}

/** A channel of a fake network: real serialized blocks, made by the clock. */
export class FakeChannel {
  readonly ledger: LedgerBuilder;
  readonly #clock: Clock;
  readonly #takes: () => boolean;
  #cutting: Promise<void> | undefined;

  /** @param takes asked of each transaction: whether it comes into a block */
  constructor(name: string, clock: Clock, takes: () => boolean) {
    this.ledger = new LedgerBuilder(name);
    this.#clock = clock;
    this.#takes = takes;
  }

  /** Puts a transaction in order; resolves when its block is cut, with nothing when it did not come. */
  async order(endorsed: Endorsed): Promise<Committed | undefined> {
    if (!this.#takes()) return undefined;
    this.ledger.order(endorsed, 'nothing');
    this.#cutting ??= this.#clock.until(this.#clock.now() + BATCH_MS).then(() => {
      this.#cutting = undefined;
      this.ledger.cut();
    });
    await this.#cutting;
    for (const { block, transactions } of this.#told().toReversed()) {
      const found = transactions.find(({ id }) => id === endorsed.id);
      if (found) return { block, code: codeName(found.code) };
    }
    throw new Error(`transaction ${endorsed.id}: expected it in the block that was cut`);
  }

  /** Blocks as listeners are told of them, from one on. */
  told(from: number): BlockTold[] {
    return this.#told()
      .slice(from)
      .map(({ block, transactions }) => ({ number: block, transactions }));
  }

  /** All databases of the channel as CouchDB has them: the bank's, that of definitions, the channel's own. */
  documents(peer: string): StateDocument[] {
    const own = [...this.ledger.state].map(([id, { value, block, transaction }]) => {
      const fields = value.startsWith('{') ? JSON.parse(value) : attached(Buffer.from(value));
      return { namespace: 'bank', id, doc: { ...fields, '~version': version(block, transaction) } };
    });
    const others = (this.ledger.recordingOfAll().states.get(peer) ?? []).flatMap((entry) => {
      const { namespace, key, value, version: stored } = entry;
      if (namespace === undefined) return [];
      const fields = value.startsWith('{')
        ? (parseExact(value) as object)
        : attached(Buffer.from(value, 'base64'));
      const [block = 0, transaction = 0] = stored.split(':').map(Number);
      const versioned = stored === '' ? {} : { '~version': version(block, transaction) };
      return [{ namespace, id: key, doc: { ...fields, ...versioned } }];
    });
    return [...own, ...others];
  }

  #told() {
    // Every listener is told the same; which of them hears it is the network's business.
    return this.ledger.eventsOf('peer0.org1');
  }
}

/** A value that is not a JSON object. */
const attached = (value: Buffer) => ({
  _attachments: { valueBytes: { data: value.toString('base64') } },
});

/** `block:transaction` as Fabric writes it into a document: two order-preserving integers in a protobuf message. */
function version(block: number, transaction: number): string {
  const ordered = (value: number): number[] => {
    const digits = value === 0 ? [] : [...Buffer.from(value.toString(16).padStart(8, '0'), 'hex')];
    const bytes = digits.slice(digits.findIndex((byte) => byte !== 0));
    return [bytes.length, ...bytes];
  };
  const numbers = [...ordered(block), ...ordered(transaction)];
  return Buffer.from([0x0a, numbers.length, ...numbers]).toString('base64');
}
