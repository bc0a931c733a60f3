import {
  type BlockMetadata,
  decodeBlock,
  decodeHeader,
  decodeMetadata,
  decodeParts,
  type RawBlock,
  splitBlock,
} from '../fabric/ledger/decoder.ts';
import type { Block } from '../fabric/ledger/model.ts';
import type { BlockSource } from './recording.ts';

/** One source's copy of a block. */
export interface Copy {
  readonly source: string;
  /** The whole block if this copy's header or data differ from the reference's by a byte; else the reference itself. */
  readonly block: Block;
  /** Header and data are byte for byte the reference's. */
  readonly same: boolean;
  /** This copy's own metadata (the reference's would be another's). */
  readonly metadata: BlockMetadata;
  /** This copy's metadata as it is, slot by slot. */
  readonly slots: readonly Buffer[];
}

/** All copies of the block of one number. */
export interface Height {
  readonly number: number;
  /** The copy that the chain is judged by: the first peer's that has this block, else the first orderer's. */
  readonly reference: Block;
  readonly copies: readonly Copy[];
}

/** Something wrong with a source itself rather than with a block's content. */
export interface SourceProblem {
  readonly source: string;
  readonly block: number;
  readonly message: string;
}

class Cursor {
  readonly source: string;
  readonly problems: SourceProblem[];
  /** Blocks seen so far, i.e. the number that must come next. */
  height = 0;
  current: { readonly number: number; readonly parts: RawBlock } | null = null;
  readonly #iterator: Iterator<Buffer>;
  readonly #from: number;

  /** @param from a source may begin with a block up to this one instead of the first */
  constructor({ source, blocks }: BlockSource, problems: SourceProblem[], from: number) {
    this.source = source;
    this.problems = problems;
    this.#iterator = blocks[Symbol.iterator]();
    this.#from = from;
    this.advance();
  }

  /** Moves to the next block that continues the chain; what does not is reported and passed over. */
  advance(): void {
    this.current = null;
    for (;;) {
      let parts: RawBlock;
      let number: number;
      try {
        const next = this.#iterator.next();
        if (next.done) return;
        parts = splitBlock(next.value);
        number = decodeHeader(parts.header).number;
      } catch (error) {
        this.#report(`cannot be read: ${(error as Error).message}`);
        return;
      }
      if (number < this.height) {
        this.#report(`expected block ${this.height}, got block ${number} again`);
        continue;
      }
      const begins = this.height === 0 && number <= this.#from;
      if (number > this.height && !begins)
        this.#report(`expected block ${this.height}, got block ${number}`);
      this.height = number + 1;
      this.current = { number, parts };
      return;
    }
  }

  #report(message: string): void {
    this.problems.push({ source: this.source, block: this.height, message });
  }
}

/**
 * Walks the copies of a chain together, block number by block number, holding one block a source in memory. The first
 * copy is decoded; the others are compared with it byte by byte and decoded only where they differ, because that is
 * what makes auditing six copies cost little more than one.
 *
 * @param sources - in order of preference as reference: peers before orderers, since only peers hold codes
 * @param problems - gaps, repetitions and unreadable files are added here
 * @param from - up to which block sources may begin that were not read from the first
 */
export function* lockstep(
  sources: readonly BlockSource[],
  problems: SourceProblem[],
  from = 0,
): Generator<Height> {
  const cursors = sources.map((source) => new Cursor(source, problems, from));
  for (;;) {
    const live = cursors.filter((cursor) => cursor.current !== null);
    if (live.length === 0) return;
    const number = Math.min(...live.map((cursor) => cursor.current?.number as number));
    const here = live.filter((cursor) => cursor.current?.number === number);
    const height = compare(number, here, problems);
    if (height) yield height;
    for (const cursor of here) cursor.advance();
  }
}

function compare(
  number: number,
  cursors: readonly Cursor[],
  problems: SourceProblem[],
): Height | null {
  let reference: { readonly block: Block; readonly parts: RawBlock } | undefined;
  const copies: Copy[] = [];
  for (const { source, current } of cursors) {
    const parts = current?.parts as RawBlock;
    try {
      reference ??= { block: decodeParts(parts), parts };
      const same =
        parts.header.equals(reference.parts.header) && parts.data.equals(reference.parts.data);
      const metadata = decodeMetadata(parts.metadata);
      const block = same ? reference.block : decodeBlock(parts.raw);
      copies.push({ source, block, same, metadata, slots: parts.metadata });
    } catch (error) {
      problems.push({
        source,
        block: number,
        message: `cannot be read: ${(error as Error).message}`,
      });
    }
  }
  return reference ? { number, reference: reference.block, copies } : null;
}
