import type { HistoryRecord } from '../../workload/history.ts';

/**
 * Transactions of which nobody knows yet whether they will be in a block: submitted, not refused for certain, and not
 * seen in a block. An orderer may have handed them on and answered, or not, and died.
 */
export class OpenTransactions {
  readonly #byOperation = new Map<number, string>();
  readonly #open = new Set<string>();
  readonly #acknowledged = new Set<string>();
  readonly #seen = new Set<string>();

  /** Follows the history of a scenario. */
  record(record: HistoryRecord): void {
    if (record.type === 'invoke') {
      const { kind, operation, transactionId } = record;
      if (kind !== 'submit' || transactionId === undefined) return;
      this.#byOperation.set(operation, transactionId);
      if (!this.#seen.has(transactionId)) this.#open.add(transactionId);
    } else if (record.type === 'complete') {
      const id = this.#byOperation.get(record.operation) ?? '';
      if (record.outcome !== 'unknown') this.#open.delete(id);
      else if (record.acknowledgedAt !== undefined) this.#acknowledged.add(id);
    }
  }

  /** Told of the transactions of a block. */
  committed(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#seen.add(id);
      this.#open.delete(id);
    }
  }

  /** How many there are, and how many of them an orderer has acknowledged. */
  count(): OpenCount {
    const acknowledged = [...this.#open].filter((id) => this.#acknowledged.has(id)).length;
    return { all: this.#open.size, acknowledged };
  }
}

export interface OpenCount {
  readonly all: number;
  readonly acknowledged: number;
}
