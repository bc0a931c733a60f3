import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { etcdraft, orderer as messages } from '../../../../fabric-client/protos.ts';
import { messageOf } from '../../../base/errors.ts';
import { recordingProgress } from '../../../base/progress.ts';
import { projectFolder } from '../../../base/project.ts';
import { FieldReader } from '../../../fabric/ledger/wire.ts';
import type { Group } from '../../../migration/config-update.ts';
import { type Consensus, consensusUpdate } from '../../../migration/consensus.ts';
import { Road } from '../../../migration/road.ts';
import { harness, type Outcome, start, succeed } from './command.ts';
import { networkCalled } from './network.ts';

/** A network on its way out of Kafka, as its operator and as somebody who makes mistakes. */
export class Traveller {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** `harness migrate …`, which must succeed. @returns what it printed */
  async migrate(...args: readonly string[]): Promise<string> {
    return (await succeed(['--name', this.name, 'migrate', ...args])).stdout;
  }

  /** `harness migrate …`, which must fail. */
  async refused(...args: readonly string[]): Promise<Pick<Outcome, 'code'> & { text: string }> {
    const { code, stderr, stdout } = await harness(['--name', this.name, 'migrate', ...args]);
    return { code, text: `${stdout}${stderr}`.replace(/\s+/g, ' ') };
  }

  /**
   * `harness migrate LEG`, in which an orderer is killed once a step is done.
   *
   * @param clients that transfer money meanwhile; a channel in maintenance serves none
   * @returns what it printed
   */
  async migrateWhile(leg: string, step: RegExp, orderer: string, clients = 0): Promise<string> {
    const running = start(['--name', this.name, 'migrate', leg, '--clients', String(clients)]);
    await running.told(step);
    await this.kill(orderer);
    const { code, stdout, stderr } = await running.ended;
    if (code !== 0)
      throw new Error(`migrate ${leg}: expected exit code 0, seen ${code}\n${stderr}`);
    return stdout;
  }

  /** SIGKILL; the Swarm starts it again. */
  async kill(component: string): Promise<void> {
    const { handle, facts } = await this.#running(component);
    await handle.machine.execOk(['kill', '-9', String(facts.pid)]);
  }

  /** Does something while a component answers nobody. */
  async frozen<T>(component: string, work: () => Promise<T>): Promise<T> {
    const { handle, facts } = await this.#running(component);
    await handle.machine.execOk(['docker', 'pause', facts.id]);
    try {
      return await work();
    } finally {
      await handle.machine.execOk(['docker', 'unpause', facts.id]);
    }
  }

  async #running(component: string) {
    const { found } = await networkCalled(this.name);
    const handle = found.component(component);
    const facts = await handle.container();
    if (!facts?.running) throw new Error(`${component}: expected it to run`);
    return { handle, facts };
  }

  /** Uses the network as the legs do. */
  async on<T>(work: (road: Road) => Promise<T>): Promise<T> {
    const { found } = await networkCalled(this.name);
    const progress = recordingProgress(() => 0, {
      say: () => {},
      begin: () => {},
      detail: () => {},
      end: () => {},
    });
    const { signal } = new AbortController();
    const fabric3 = () => Promise.reject(new Error('no image is brought here'));
    await using road = new Road(found, { progress, signal, fabric3 });
    return await work(road);
  }

  /** Changes the configuration of a channel by hand. @returns the orderers' words where they refuse it */
  change(
    channel: string,
    update: (now: Consensus) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
    as: 'orderer' | 'everybody' = 'orderer',
  ): Promise<string | undefined> {
    return this.on(async (road) => {
      let sent = false;
      const once = (now: Consensus) => {
        if (sent) return undefined;
        sent = true;
        return update(now);
      };
      return road
        .change([channel], once, as === 'orderer' ? [] : road.members)
        .then(() => undefined, messageOf);
    });
  }
}

/** Raft's metadata with another TLS certificate of one consenter. */
export function withConsenter(metadata: Uint8Array, host: string, certificate: string): Uint8Array {
  const decoded = etcdraft.ConfigMetadata.decode(metadata);
  const pem = Buffer.from(certificate);
  const consenters = decoded.consenters.map((one) =>
    one.host === host ? { ...one, client_tls_cert: pem, server_tls_cert: pem } : one,
  );
  return etcdraft.ConfigMetadata.encode({ ...decoded, consenters }).finish();
}

/** The update that gives a Raft consenter another TLS certificate, and nothing else. */
export function withCertificate(now: Consensus, host: string, certificate: string): Uint8Array {
  const value = now.group.groups?.Orderer?.values?.ConsensusType?.value ?? new Uint8Array();
  const { metadata } = messages.ConsensusType.decode(value);
  return consensusUpdate(now, { metadata: withConsenter(metadata, host, certificate) });
}

/** A BFT channel's group with one consenter less (`common.Orderers`: repeated field 1). */
export function withoutLastConsenter(group: Group): Group {
  const orderer = group.groups?.Orderer ?? {};
  const bytes = Buffer.from(orderer.values?.Orderers?.value ?? []);
  const reader = new FieldReader(bytes);
  const ends: number[] = [];
  while (reader.next()) {
    reader.skip();
    ends.push(reader.position);
  }
  const value = bytes.subarray(0, ends.at(-2));
  const values = { ...orderer.values, Orderers: { ...orderer.values?.Orderers, value } };
  return { ...group, groups: { ...group.groups, Orderer: { ...orderer, values } } };
}

/** `raft3` with a fourth orderer, which BFT wants. @returns the file */
export function fourOrderers(folder: string): string {
  const file = path.join(projectFolder, 'fixtures/network/raft3.yaml');
  const topology = parse(readFileSync(file, 'utf8')) as {
    ordering: { orderers: { name: string; machine: number; ports: object }[] };
  };
  topology.ordering.orderers.push({
    name: 'orderer3',
    machine: 3,
    ports: { general: 7060, operations: 17_060, admin: 7160 },
  });
  const target = path.join(folder, 'raft4.yaml');
  writeFileSync(target, stringify(topology));
  return target;
}
