import * as protos from '../../../fabric-client/protos.ts';
import type { HistoryRecord } from '../../workload/history.ts';
import { audit } from '../audit.ts';
import type { Check } from '../checker.ts';
import type { CheckResult } from '../model.ts';
import { paperHeaderHash } from './encoding.ts';
import type { TestRecording } from './ledger-builder.ts';

const { common } = protos;

/** Runs one check on a recording. */
export function judge(check: Check, recording: TestRecording): CheckResult {
  return audit(recording, [check]).checks[0] as CheckResult;
}

/** A block whose parts can be changed. */
export interface EditableBlock {
  number: number;
  previousHash: Buffer;
  dataHash: Buffer;
  data: Buffer[];
  metadata: Buffer[];
}

/** Changes one source's copy of a block. Nothing is made consistent again: that is the point of a forgery. */
export function editBlock(
  recording: TestRecording,
  source: string,
  number: number,
  edit: (block: EditableBlock) => void,
): void {
  const blocks = recording.chain.get(source) ?? [];
  const { header, data, metadata } = common.Block.decode(blocks[number] as Buffer);
  const block: EditableBlock = {
    number: Number(header?.number),
    previousHash: Buffer.from(header?.previous_hash ?? []),
    dataHash: Buffer.from(header?.data_hash ?? []),
    data: (data?.data ?? []).map((entry) => Buffer.from(entry)),
    metadata: (metadata?.metadata ?? []).map((entry) => Buffer.from(entry)),
  };
  edit(block);
  blocks[number] = Buffer.from(
    common.Block.encode({
      header: {
        number: block.number,
        previous_hash: block.previousHash,
        data_hash: block.dataHash,
      },
      data: { data: block.data },
      metadata: { metadata: block.metadata },
    }).finish(),
  );
}

/** Gives one source's chain the hashes that its headers call for, from `from` on: a fork that is well-formed. */
export function relink(recording: TestRecording, source: string, from: number): void {
  const length = recording.chain.get(source)?.length ?? 0;
  let previous: Buffer | undefined;
  for (let number = from; number < length; number += 1) {
    editBlock(recording, source, number, (block) => {
      if (previous) block.previousHash = previous;
      previous = paperHeaderHash(block.number, block.previousHash, block.dataHash);
    });
  }
}

/** Replaces history records; return `null` to drop one. */
export function rewrite(
  recording: TestRecording,
  change: (record: HistoryRecord) => HistoryRecord | null,
): void {
  recording.history = recording.history.map(change).filter((record) => record !== null);
}

/** The operation that asked for this call, counted among equals from 0. */
export function operationOf(recording: TestRecording, call: string, nth = 0): number {
  const found = recording.history
    .filter((record) => record.type === 'invoke')
    .filter((record) => [record.function, ...record.args].join(' ') === call)[nth];
  if (!found) throw new Error(`the recording has no ${call} number ${nth}`);
  return found.operation;
}

/** Transaction id of an operation. */
export function idOf(recording: TestRecording, operation: number): string {
  for (const record of recording.history) {
    if (record.type === 'invoke' && record.operation === operation) {
      return record.transactionId ?? '';
    }
  }
  throw new Error(`no operation ${operation}`);
}

/** Takes the metadata of another block, so that its consenter metadata and last config are wrong where it now stands. */
export function borrow(recording: TestRecording, source: string, to: number, from: number): void {
  let slots: Buffer[] = [];
  editBlock(recording, source, from, ({ metadata }) => {
    slots = [...metadata];
  });
  editBlock(recording, source, to, ({ metadata }) => {
    metadata[0] = slots[0] as Buffer;
    metadata[1] = slots[1] as Buffer;
  });
}
