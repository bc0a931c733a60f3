import { DUPLICATE_TXID } from '../fabric/ledger/codes.ts';
import type { Block } from '../fabric/ledger/model.ts';

/** Where a transaction id stands in the chain. */
export interface LedgerPosition {
  readonly block: number;
  readonly index: number;
  readonly code: number;
}

const MOST_IN_A_BLOCK = 2 ** 20;
const MOST_CODES = 2 ** 8;

/** A place as one number: there is one for every transaction. */
const pack = ({ block, index, code }: LedgerPosition): number =>
  (block * MOST_IN_A_BLOCK + index) * MOST_CODES + code;

const unpack = (place: number): LedgerPosition => {
  const position = Math.floor(place / MOST_CODES);
  return {
    block: Math.floor(position / MOST_IN_A_BLOCK),
    index: position % MOST_IN_A_BLOCK,
    code: place % MOST_CODES,
  };
};

/** All places of all transaction ids of a chain. */
export class TransactionIndex {
  readonly #first = new Map<string, number>();
  /** Further places; an envelope that was ordered twice is rare. */
  readonly #more = new Map<string, LedgerPosition[]>();

  add(block: Block): void {
    for (const { id, index, code } of block.transactions) {
      if (id === '') continue;
      const place = { block: block.number, index, code };
      if (!this.#first.has(id)) this.#first.set(id, pack(place));
      else this.#more.set(id, [...(this.#more.get(id) ?? []), place]);
    }
  }

  get size(): number {
    return this.#first.size;
  }

  places(id: string): readonly LedgerPosition[] {
    const first = this.#first.get(id);
    return first === undefined ? [] : [unpack(first), ...(this.#more.get(id) ?? [])];
  }

  /** The place that counts: the first that is not a refused duplicate. */
  place(id: string): LedgerPosition | undefined {
    return this.places(id).find(({ code }) => code !== DUPLICATE_TXID);
  }

  /** Ids that stand in more than one place. */
  repeated(): Iterable<string> {
    return this.#more.keys();
  }
}
