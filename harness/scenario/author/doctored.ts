import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { paths } from '../../audit/evidence.ts';
import type { ChaincodeEventTold } from '../../audit/recording.ts';
import { delimited, readBlocks } from '../../base/files.ts';
import { FieldReader } from '../../fabric/ledger/wire.ts';
import { FieldWriter } from '../../fabric/ledger/wire-writer.ts';

/** What a component that is not what it seems would have told, for negative controls: its part of the evidence is changed. */

const SIGNATURES = 0;
const CODES = 2;
const FIRST_OF_THE_LOAD = 5;

type Edit = (slots: Buffer[]) => void;

/** Changes the metadata of one block of one source. @throws Error when it has no such block */
function editBlock(
  folder: string,
  channel: string,
  source: string,
  number: number,
  edit: Edit,
): void {
  const file = paths.blocks(folder, channel, source);
  const blocks: Buffer[] = Array.from(readBlocks(file), (block) => Buffer.from(block));
  const block = blocks[number];
  if (!block) throw new Error(`${file}: expected block ${number}, seen ${blocks.length} blocks`);
  blocks[number] = withMetadata(block, edit);
  writeFileSync(file, Buffer.concat(blocks.map(delimited)));
}

function withMetadata(block: Buffer, edit: Edit): Buffer {
  const changed = new FieldWriter();
  const reader = new FieldReader(block);
  while (reader.next()) {
    const { field } = reader;
    if (field !== 3) {
      changed.content(field, reader.view());
      continue;
    }
    const slots: Buffer[] = [];
    const metadata = reader.message();
    while (metadata.next()) slots.push(metadata.view());
    edit(slots);
    const written = new FieldWriter();
    for (const slot of slots) written.content(1, slot);
    changed.content(3, written.bytes);
  }
  return Buffer.from(changed.bytes);
}

/** Takes the orderers' signature off one copy of a block. */
export function stripSignature(folder: string, channel: string, source: string): void {
  editBlock(folder, channel, source, FIRST_OF_THE_LOAD, (slots) => {
    const value = new FieldReader(slots[SIGNATURES] as Buffer);
    if (!value.next()) throw new Error(`${source}: expected metadata of its orderer, seen none`);
    const bare = new FieldWriter();
    bare.content(1, value.view());
    slots[SIGNATURES] = Buffer.from(bare.bytes);
  });
}

/** Flips a bit in the orderers' signature on one copy of a block. */
export function flipSignature(folder: string, channel: string, source: string): void {
  editBlock(folder, channel, source, FIRST_OF_THE_LOAD, (slots) => {
    const slot = Buffer.from(slots[SIGNATURES] as Buffer);
    const last = slot.length - 1;
    slot[last] = (slot[last] as number) ^ 1;
    slots[SIGNATURES] = slot;
  });
}

/** Has all peers alike mark sound transactions of a block as something else, e.g. 10: ENDORSEMENT_POLICY_FAILURE. */
export function markAll(folder: string, channel: string, code: number): void {
  for (const source of sourcesIn(folder, channel)) {
    editBlock(folder, channel, source, FIRST_OF_THE_LOAD, (slots) => {
      const codes = slots[CODES];
      if (codes && codes.length > 0) slots[CODES] = Buffer.alloc(codes.length, code);
    });
  }
}

const sourcesIn = (folder: string, channel: string): string[] =>
  readdirSync(path.join(folder, 'blocks', channel)).map((file) => file.replace(/\.blocks$/, ''));

/** Has one peer mark sound transactions of a block as something else, as if it validated by another policy. */
export function markAt(folder: string, channel: string, peer: string, code: number): void {
  editBlock(folder, channel, peer, FIRST_OF_THE_LOAD, (slots) => {
    slots[CODES] = Buffer.alloc((slots[CODES] as Buffer).length, code);
  });
}

/** Takes out what a peer told of one event of the chaincode, or tells of another payload. */
export function editChaincodeEvents(
  folder: string,
  channel: string,
  peer: string,
  how: 'dropped' | 'another payload',
): void {
  editLine(paths.chaincodeEvents(folder, channel, peer), '"name":"transfer"', (line) => {
    if (how === 'dropped') return [];
    const event = JSON.parse(line) as ChaincodeEventTold;
    const payload = Buffer.from('{"amount":1000000}').toString('base64');
    return [JSON.stringify({ ...event, payload })];
  });
}

/** Takes a client's message out of the log of the channel's topic. */
export function forgetRecord(folder: string, channel: string): void {
  editLine(paths.orderingLog(folder, channel), '"kind":"message"', () => []);
}

/** Takes out, or doubles, what a listener was told of one block. */
export function editEvents(
  folder: string,
  channel: string,
  peer: string,
  how: 'dropped' | 'doubled',
): void {
  const file = paths.events(folder, channel, peer);
  editLine(file, `"block":${FIRST_OF_THE_LOAD},`, (line) =>
    how === 'doubled' ? [line, line] : [],
  );
}

/** Puts others in the place of the first line that has a text in it. @throws Error when none has */
function editLine(file: string, text: string, edit: (line: string) => readonly string[]): void {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const index = lines.findIndex((line) => line.includes(text));
  if (index === -1) throw new Error(`${file}: expected a line with ${text}, seen none`);
  lines.splice(index, 1, ...edit(lines[index] as string));
  writeFileSync(file, `${lines.join('\n')}\n`);
}

/** Takes the last block off one copy of the chain. */
export function forgetLastBlock(folder: string, channel: string, source: string): void {
  const file = paths.blocks(folder, channel, source);
  const blocks = Array.from(readBlocks(file), (block) => Buffer.from(block));
  writeFileSync(file, Buffer.concat(blocks.slice(0, -1).map(delimited)));
}
