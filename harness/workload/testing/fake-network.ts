import type { EvaluateResult, LoadClient, SubmitRequest, SubmitResult } from '../client.ts';
import type { Clock } from '../clock.ts';

/** Milliseconds from endorsement to commit; may differ by client to shake the timing. */
export type Delay = (client: string) => number;

interface Cell {
  balance: number;
  version: number;
}

/**
 * A network in memory: one ledger with optimistic concurrency as Fabric's, so that two transactions endorsed on the
 * same version of an account conflict at commit.
 */
export class FakeNetwork {
  readonly cells = new Map<string, Cell>();
  /** Orderers that never answer. */
  readonly silent = new Set<string>();
  readonly #clock: Clock;
  readonly #delay: Delay;
  #height = 0;
  #transactions = 0;
  /** Most operations that were in flight at a time, by client. */
  readonly inFlight = new Map<string, { now: number; most: number }>();

  constructor(clock: Clock, delay: Delay = () => 100) {
    this.#clock = clock;
    this.#delay = delay;
  }

  get total(): number {
    return [...this.cells.values()].reduce((sum, { balance }) => sum + balance, 0);
  }

  /** `count` clients that take turns between two organisations. */
  clients(count: number): LoadClient[] {
    return Array.from({ length: count }, (_, index) =>
      this.client(`org${(index % 2) + 1}-${index}`),
    );
  }

  client(name: string): LoadClient {
    return {
      name,
      msp: name.startsWith('org1') ? 'Org1MSP' : 'Org2MSP',
      channel: 'mychannel',
      chaincode: 'bank',
      submit: (request) => this.#counted(name, () => this.#submit(name, request)),
      evaluate: ({ args }) => this.#counted(name, () => this.#read(args)),
    };
  }

  async #submit(client: string, request: SubmitRequest): Promise<SubmitResult> {
    this.#transactions += 1;
    request.prepared({
      transactionId: `tx${this.#transactions}`,
      peers: ['peer0.org1', 'peer0.org2'],
    });
    const changes = this.#endorse(request.function, request.args);
    if (typeof changes === 'string') {
      return { outcome: 'fail', stage: 'endorse', refused: true, error: changes };
    }
    const orderer = request.orderer ?? 'orderer0';
    if (this.silent.has(orderer)) return await new Promise(() => {});
    const versions = [...changes.keys()].map((key) => this.cells.get(key)?.version);
    request.acknowledged(orderer);
    await this.#clock.until(this.#clock.now() + this.#delay(client));
    this.#height += 1;
    const seen = { orderer, block: this.#height, stage: 'commit' as const };
    if (
      [...changes.keys()].some((key, index) => this.cells.get(key)?.version !== versions[index])
    ) {
      return { outcome: 'fail', code: 'MVCC_READ_CONFLICT', ...seen };
    }
    for (const [key, balance] of changes) this.cells.set(key, { balance, version: this.#height });
    return { outcome: 'ok', code: 'VALID', ...seen };
  }

  /** New balances, or the reason of a refusal. */
  #endorse(name: string, args: readonly string[]): Map<string, number> | string {
    const [first = '', second = '', third = '', fourth = ''] = args;
    if (name === 'init') {
      return new Map([
        [first, Number(second)],
        [third, Number(fourth)],
      ]);
    }
    if (name === 'openMany') {
      const ids = Array.from({ length: Number(second) }, (_, number) => `${first}${number}`);
      return new Map(ids.map((id) => [id, Number(fourth)]));
    }
    const [from, to] = [this.cells.get(first), this.cells.get(second)];
    if (from === undefined || to === undefined) return `account ${first} or ${second} is unknown`;
    const amount = Number(third);
    if (from.balance < amount) return `insufficient funds: ${first} has ${from.balance}`;
    return new Map([
      [first, from.balance - amount],
      [second, to.balance + amount],
    ]);
  }

  async #read(ids: readonly string[]): Promise<EvaluateResult> {
    const balances = Object.fromEntries(ids.map((id) => [id, this.cells.get(id)?.balance]));
    return {
      outcome: 'ok',
      result: JSON.stringify(balances),
      heightBefore: this.#height,
      heightAfter: this.#height,
    };
  }

  async #counted<T>(client: string, call: () => Promise<T>): Promise<T> {
    const count = this.inFlight.get(client) ?? { now: 0, most: 0 };
    this.inFlight.set(client, count);
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    try {
      return await call();
    } finally {
      count.now -= 1;
    }
  }
}
