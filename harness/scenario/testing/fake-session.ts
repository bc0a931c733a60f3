import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FakeClock } from '../../workload/testing/fake-clock.ts';
import { openSession, type Session } from '../session.ts';
import { fakeClients } from './fake-clients.ts';
import { type FakeNetwork, fakeNetwork } from './fake-network.ts';

/** A session on a fake network, and what a test moves it by. */
export interface FakeSession {
  readonly session: Session;
  readonly network: FakeNetwork;
  readonly clock: FakeClock;
  /** Interrupts the run. */
  readonly interrupt: AbortController;
}

/**
 * Opens a session on a network in memory; let its time pass with `clock.drive(work)`.
 *
 * @param runFolder where evidence is written
 */
export async function fakeSession(runFolder: string, seed = 1): Promise<FakeSession> {
  const clock = new FakeClock();
  const network = fakeNetwork(clock);
  const interrupt = new AbortController();
  const session = await openSession({
    network,
    seed,
    runFolder,
    origin: Date.now(),
    signal: interrupt.signal,
    clock,
    clients: fakeClients(network, clock),
  });
  return { session, network, clock, interrupt };
}

/** Where a scenario on a network in memory stands. */
export const PLACE = {
  name: 'on paper',
  folder: 'scenarios/on-paper',
  file: 'on-paper.scenario.ts',
  line: 1,
  suite: 'paper',
  channel: 'on-paper',
} as const;

/** A folder for the evidence of each test of a file, gone after it. @returns its path while a test runs */
export function evidenceFolder(): () => string {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'scenario-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return () => folder;
}
