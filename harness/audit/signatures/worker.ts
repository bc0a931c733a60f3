import { workerData } from 'node:worker_threads';
import { batchesIn, DONE, Keys, READY, type SharedMemory, TAKEN, verifyBatch } from './batch.ts';

/** A thread that verifies whatever batch is ready, until it is told that there are no more. */
const memory = workerData as SharedMemory;
const batches = batchesIn(memory);
const keys = new Keys(memory);
const signal = new Int32Array(memory.signal);

for (;;) {
  const seen = Atomics.load(signal, 0);
  const batch = batches.find(
    ({ control }) => Atomics.compareExchange(control, 0, READY, TAKEN) === READY,
  );
  if (batch) {
    verifyBatch(batch, keys);
    Atomics.store(batch.control, 0, DONE);
    Atomics.notify(batch.control, 0);
  } else if (Atomics.load(signal, 1) === 1) break;
  else Atomics.wait(signal, 0, seen);
}
