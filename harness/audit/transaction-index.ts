import { DUPLICATE_TXID } from '../fabric/ledger/codes.ts';
import type { Block } from '../fabric/ledger/model.ts';

/** Where a transaction id stands in the chain. */
export interface LedgerPosition {
  readonly block: number;
  readonly index: number;
  readonly code: number;
}

/** All places of all transaction ids of a chain. */
export class TransactionIndex {
  readonly #first = new Map<string, LedgerPosition>();
  /** Further places; an envelope that was ordered twice is rare. */
  readonly #more = new Map<string, LedgerPosition[]>();

  add(block: Block): void {
    for (const { id, index, code } of block.transactions) {
      if (id === '') continue;
      const place = { block: block.number, index, code };
      if (!this.#first.has(id)) this.#first.set(id, place);
      else this.#more.set(id, [...(this.#more.get(id) ?? []), place]);
    }
  }

  get size(): number {
    return this.#first.size;
  }

  places(id: string): readonly LedgerPosition[] {
    const first = this.#first.get(id);
    if (!first) return [];
    const more = this.#more.get(id);
    return more ? [first, ...more] : [first];
  }

  /** The place that counts: the first that is not a refused duplicate. */
  place(id: string): LedgerPosition | undefined {
    const first = this.#first.get(id);
    if (first?.code !== DUPLICATE_TXID) return first;
    return this.#more.get(id)?.find(({ code }) => code !== DUPLICATE_TXID);
  }

  /** Ids that stand in more than one place. */
  repeated(): Iterable<string> {
    return this.#more.keys();
  }
}
