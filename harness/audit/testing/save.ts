import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  appendTo,
  paths,
  writeEnvironment,
  writeOrdering,
  writeSavedLogs,
  writeScenario,
} from '../evidence.ts';
import type { TestRecording } from './ledger-builder.ts';

/** Saves a recording as the runner does. */
export function save(dir: string, recording: TestRecording): void {
  const [channel = ''] = recording.channels;
  const lines = (path: string, records: Iterable<unknown>): void => {
    using file = appendTo(path);
    for (const record of records) file.line(record);
  };
  writeScenario(dir, recording.scenario);
  lines(paths.history(dir), recording.history);
  lines(paths.engineEvents(dir), recording.engineEvents);
  for (const [source, blocks] of recording.chain) {
    using file = appendTo(paths.blocks(dir, channel, source));
    for (const block of blocks) file.block(block);
  }
  for (const [peer, entries] of recording.states) lines(paths.state(dir, channel, peer), entries);
  for (const [peer, events] of recording.streams) lines(paths.events(dir, channel, peer), events);
  for (const { peer, heard, replayed } of recording.chaincodeEvents(channel)) {
    lines(paths.chaincodeEvents(dir, channel, peer), heard);
    lines(paths.replayedEvents(dir, channel, peer), replayed);
  }
  const log = recording.orderingLog(channel);
  if (log) lines(paths.orderingLog(dir, channel), log);
  if (recording.environment) writeEnvironment(dir, recording.environment);
  if (recording.ordering) writeOrdering(dir, recording.ordering);
  for (const { component, lines: text } of recording.logs) {
    const path = paths.log(dir, component);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.join('\n'));
  }
  writeSavedLogs(dir, {
    components: recording.logs.map(({ component, lines: text }) => ({
      ...{ component, bytes: Buffer.byteLength(text.join('\n')), containers: [] },
    })),
    problems: [],
  });
}
