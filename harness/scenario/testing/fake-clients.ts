import { createHash } from 'node:crypto';
import { type Endorsed, ORDERERS, PEERS } from '../../audit/testing/ledger-builder.ts';
import { messageOf } from '../../base/errors.ts';
import type {
  EvaluateRequest,
  LoadClient,
  SubmitRequest,
  SubmitResult,
} from '../../workload/client.ts';
import type { Clock } from '../../workload/clock.ts';
import type { Session } from '../session.ts';
import type { FakeNetwork } from './fake-network.ts';

/** Milliseconds for an endorsement, and until an orderer that is not there is known not to be. */
const ENDORSE_MS = 5;
const REFUSED_MS = 100;
/** Milliseconds that a client waits for a block with its transaction. */
const COMMIT_MS = 5_000;

/** Opens clients of a fake network: a transaction through an orderer that runs is in a block soon. */
export function fakeClients(network: FakeNetwork, clock: Clock): Session['openClients'] {
  return async (channel, chaincode, count) => {
    const open = (name: string, turn: number): LoadClient => {
      const org = `org${(turn % 2) + 1}`;
      const client = new FakeClient(network, clock, channel, `${org}-${name}`, turn);
      return {
        name: `${org}-${name}`,
        msp: `Org${(turn % 2) + 1}MSP`,
        channel,
        chaincode,
        submit: (request) => client.submit(request),
        evaluate: (request) => client.evaluate(request),
      };
    };
    return {
      load: Array.from({ length: count }, (_, turn) => open(String(turn), turn)),
      probes: new Map(ORDERERS.map((orderer, turn) => [orderer, open(`probe-${orderer}`, turn)])),
      [Symbol.asyncDispose]: async () => {},
    };
  };
}

const refusedId = (seed: string): string => createHash('sha256').update(seed).digest('hex');

class FakeClient {
  readonly #network: FakeNetwork;
  readonly #clock: Clock;
  readonly #channel: string;
  readonly #name: string;
  #turn: number;

  constructor(network: FakeNetwork, clock: Clock, channel: string, name: string, turn: number) {
    this.#network = network;
    this.#clock = clock;
    this.#channel = channel;
    this.#name = name;
    this.#turn = turn;
  }

  async submit(request: SubmitRequest): Promise<SubmitResult> {
    this.#turn += 1;
    const peers = ['org1', 'org2'].flatMap((org) => {
      const peer = PEERS.find((name) => name.endsWith(org) && this.#network.fake.answers(name));
      return peer ? [peer] : [];
    });
    const { ledger } = this.#network.channel(this.#channel);
    let endorsed: Endorsed | Error;
    try {
      const options = { client: this.#name, peers, silent: true };
      endorsed = ledger.endorse(request.function, request.args, options);
    } catch (error) {
      endorsed = new Error(messageOf(error));
    }
    // What was refused has an id too, which nobody will meet again.
    const id = endorsed instanceof Error ? refusedId(`${this.#name} ${this.#turn}`) : endorsed.id;
    request.prepared({ transactionId: id, peers });
    await this.#clock.until(this.#clock.now() + ENDORSE_MS);
    if (peers.length < 2) {
      return {
        outcome: 'fail',
        stage: 'endorse',
        error: 'an organisation has no peer that answers',
      };
    }
    if (endorsed instanceof Error) {
      return { outcome: 'fail', stage: 'endorse', refused: true, error: endorsed.message };
    }
    return this.#order(endorsed, request);
  }

  async #order(endorsed: Endorsed, request: SubmitRequest): Promise<SubmitResult> {
    const candidates = request.orderer ? [request.orderer] : this.#inTurn();
    for (const orderer of candidates) {
      if (!this.#network.fake.answers(orderer)) {
        await this.#clock.until(this.#clock.now() + REFUSED_MS);
        continue;
      }
      request.acknowledged(orderer);
      const acknowledgedAt = this.#clock.now();
      const known = { stage: 'commit', orderer, acknowledgedAt } as const;
      const committed = await this.#network.channel(this.#channel).order(endorsed);
      if (!committed) {
        await this.#clock.until(this.#clock.now() + COMMIT_MS);
        return { outcome: 'unknown', ...known, error: 'no block with it was seen' };
      }
      return { outcome: committed.code === 'VALID' ? 'ok' : 'fail', ...known, ...committed };
    }
    const [orderer = ''] = candidates;
    return {
      outcome: 'fail',
      stage: 'broadcast',
      orderer,
      error: `${orderer}: connection refused`,
    };
  }

  #inTurn(): string[] {
    const first = this.#turn % ORDERERS.length;
    return [...ORDERERS.slice(first), ...ORDERERS.slice(0, first)];
  }

  async evaluate({ peer, function: name, args }: EvaluateRequest) {
    await this.#clock.until(this.#clock.now() + ENDORSE_MS);
    if (!this.#network.fake.answers(peer)) {
      return { outcome: 'fail' as const, stage: 'evaluate' as const, error: `${peer}: no answer` };
    }
    const { ledger } = this.#network.channel(this.#channel);
    try {
      const { height } = ledger;
      const result = ledger.read(name, args);
      return { outcome: 'ok' as const, result, heightBefore: height, heightAfter: height };
    } catch (error) {
      return { outcome: 'fail' as const, refused: true, error: messageOf(error) };
    }
  }
}
