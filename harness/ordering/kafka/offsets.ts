import type { Finds, MarkedBlock } from '../agreement.ts';
import type { OrderingRecord } from '../facts.ts';
import { envelopeMark, type KafkaRecord } from './model.ts';

/** `common.HeaderType.CONFIG`; the messages themselves are more than an audit can wait for. */
const CONFIG = 1;

type Taken = Extract<KafkaRecord, { readonly mark: string }>;

/** Names under which records are counted. */
const NAMES = {
  connect: 'records: connect',
  cut: 'records: time to cut',
  late: 'records: time to cut, too late',
  message: 'records: messages',
  configuration: 'records: configuration',
  again: 'records: discarded, put in order before',
  outdated: 'records: discarded, checked by an older configuration',
} as const;

/**
 * Says of every record of a channel's topic what became of it, as an orderer does (orderer/consensus/kafka/chain.go): a
 * block's transactions are the messages between its offset and that of the block before, in their order, less those that
 * orderers discard.
 */
export class OffsetAccount {
  readonly #findings: Finds;
  readonly #channel: string;
  readonly #records: Iterator<OrderingRecord>;
  #next: OrderingRecord | undefined;
  /** Offset that must come next. */
  #expected: number;
  /** Of the configuration in force. */
  #sequence = 0;
  /** Greatest original offset of what was put in order anew. */
  #original = 0;
  #block = 0;

  /** @param first the oldest offset that is still in the topic, by Kafka's word */
  constructor(records: Iterable<OrderingRecord>, first: number, channel: string, findings: Finds) {
    this.#expected = first;
    this.#records = records[Symbol.iterator]();
    this.#channel = channel;
    this.#findings = findings;
    this.#advance();
  }

  /**
   * Accounts for the records of a block.
   *
   * @param offset that it was cut at; absent of a block that no record has led to
   */
  block({ number, reference }: MarkedBlock, offset: number | undefined): void {
    if (offset !== undefined) this.#account(number, reference.transactions, offset);
    this.#block = number;
    for (const { type, configSequence } of reference.transactions) {
      if (type === CONFIG) this.#sequence = configSequence ?? 0;
    }
  }

  /** Accounts for what came after the last block. @param endOffset that the next record will get, by Kafka's word */
  finish(endOffset: number): void {
    for (const record of this.#upTo(Number.POSITIVE_INFINITY)) this.#without(record);
    if (this.#expected < endOffset) {
      this.#wrong(
        `was read to offset ${this.#expected - 1}, but ends at ${endOffset}: the others are gone`,
      );
    }
  }

  #account(
    number: number,
    transactions: MarkedBlock['reference']['transactions'],
    offset: number,
  ): void {
    let found = 0;
    for (const record of this.#upTo(offset)) {
      const transaction = transactions[found];
      if (isTaken(record) && transaction && record.mark === envelopeMark(transaction.parts)) {
        found += 1;
        const kind = transaction.type === CONFIG ? 'configuration' : 'message';
        this.#findings.count(NAMES[kind]);
        if (record.kind !== kind) {
          this.#wrong(
            `has a ${record.kind} at offset ${record.offset}, it is a ${kind} in block ${number}`,
          );
        }
        if (record.configSequence !== this.#sequence) {
          this.#wrong(
            `has at offset ${record.offset} what was checked by configuration ${record.configSequence}, ${this.#sequence} was in force`,
          );
        }
        this.#original = Math.max(this.#original, record.original ?? 0);
      } else if (record.kind === 'time to cut' && record.block === number) {
        this.#findings.count(NAMES.cut);
        if (record.offset !== offset) {
          this.#wrong(
            `says at offset ${record.offset} that block ${number} is to be cut, it was at ${offset}`,
            number,
          );
        }
      } else this.#without(record);
    }
    const missing = transactions[found];
    if (missing) {
      const { id, index } = missing;
      this.#findings.violation({
        block: number,
        transactionId: id,
        message: `transaction ${index} of block ${number} is not in topic ${this.#channel} between the offset of the block before and ${offset}, where it was cut`,
      });
    }
  }

  /** A record that led to no transaction and to no block. */
  #without(record: OrderingRecord): void {
    if (record.kind === 'connect') this.#findings.count(NAMES.connect);
    else if (record.kind === 'time to cut') {
      if (record.block <= this.#block) this.#findings.count(NAMES.late);
      else {
        this.#wrong(
          `says at offset ${record.offset} that block ${record.block} is to be cut, and it was not`,
        );
      }
    } else if (!isTaken(record)) {
      this.#wrong(`has a record at offset ${record.offset} that no orderer wrote`);
    } else if (record.original !== undefined && record.original <= this.#original) {
      this.#findings.count(NAMES.again);
    } else if (record.configSequence < this.#sequence) this.#findings.count(NAMES.outdated);
    else {
      this.#wrong(
        `has a ${record.kind} at offset ${record.offset} (its signature ends in ${String(record.mark).slice(-12)}) that is in no block, and nothing says why it was discarded`,
      );
    }
  }

  *#upTo(offset: number): Generator<OrderingRecord> {
    while (this.#next && this.#next.offset <= offset) {
      const record = this.#next;
      if (record.offset !== this.#expected) {
        this.#wrong(`goes from offset ${this.#expected - 1} to ${record.offset}`);
      }
      this.#expected = record.offset + 1;
      this.#findings.count('records');
      yield record;
      this.#advance();
    }
  }

  #advance(): void {
    try {
      const { done, value } = this.#records.next();
      this.#next = done ? undefined : value;
    } catch (error) {
      this.#next = undefined;
      this.#findings.unknown(`the log of the topic cannot be read: ${(error as Error).message}`);
    }
  }

  #wrong(message: string, block?: number): void {
    this.#findings.violation({
      ...(block !== undefined && { block }),
      message: `topic ${this.#channel} ${message}`,
    });
  }
}

const isTaken = (record: OrderingRecord): record is Taken =>
  record.kind === 'message' || record.kind === 'configuration';
