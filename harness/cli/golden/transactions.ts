import { hash } from 'node:crypto';
import {
  type Bent,
  encodeTransaction,
  paperId,
  type Simulation,
} from '../../audit/testing/encoding.ts';
import { outOf, ROLES } from '../../audit/testing/paper-channel.ts';

/** Where a transaction came to stand. */
export type Places = ReadonlyMap<
  string,
  { readonly block: number; readonly transaction: number; readonly code: number }
>;

/** A transaction of the golden channel. */
export interface Made {
  readonly name: string;
  readonly id: string;
  readonly envelope: Buffer;
}

/** What a transaction is to be; all else is as it should be. */
interface Wanted {
  readonly simulation?: Partial<Simulation>;
  readonly endorsers?: readonly string[];
  readonly creator?: string;
  readonly chaincode?: string;
  readonly version?: string;
  readonly id?: string;
  readonly bent?: Bent;
}

/** A chaincode that any peer may endorse for, but for one of its collections. */
export const VAULT = {
  name: 'vault',
  version: '1.0',
  sequence: 1,
  policy: "OR('Org1MSP.peer', 'Org2MSP.peer')",
  // Orderers have no peers: nobody is to have the data, and nobody looks for it.
  collections: [
    { name: 'open', policy: "OR('OrdererMSP.member')" },
    {
      name: 'strict',
      policy: "OR('OrdererMSP.member')",
      endorsementPolicy: "AND('Org1MSP.peer', 'Org2MSP.peer')",
    },
  ],
} as const;

const BOTH = ['peer0.org1', 'peer0.org2'];
const FIRST = ['peer0.org1'];
const SECOND = ['peer0.org2'];
const CLIENT = 'User1@org1';

const written = (...keys: readonly string[]) => ({
  writes: new Map<string, string | null>(keys.map((key) => [key, `value of ${key}`])),
});
const secret = (collection: string) => ({
  secrets: new Map([[collection, new Map<string, string | null>([['key', 'value']])]]),
});

/** Makes transactions of one channel; what endorsers computed is invented, and they sign it all the same. */
export class Transactions {
  readonly #channel: string;
  readonly #versions: Readonly<Record<string, string>>;

  /** @param versions of chaincodes, as they are defined on the channel */
  constructor(channel: string, versions: Readonly<Record<string, string>>) {
    this.#channel = channel;
    this.#versions = versions;
  }

  #make(name: string, wanted: Wanted): Made {
    const { simulation, endorsers = BOTH, creator = CLIENT, chaincode = 'bank', bent } = wanted;
    const seed = `${this.#channel} ${name}`;
    const id = wanted.id ?? paperId(seed, creator);
    const whole = { reads: new Map(), ranges: [], writes: new Map(), ...simulation };
    const version = wanted.version ?? this.#versions[chaincode] ?? '1.0';
    const about = { channel: this.#channel, seed, id, creator, endorsers, args: [name] };
    const rest = { simulation: whole, chaincode, version, ...(bent && { bent }) };
    return { name, id, envelope: encodeTransaction({ ...about, ...rest }) };
  }

  /** All that depends on nothing. */
  first(): Made[] {
    const foreign = (namespace: string) => ({
      ...written('beside'),
      foreign: new Map([[namespace, new Map([['key', 'value']])]]),
    });
    const onlyFirst = new Map([['own', outOf(1, ['Org1MSP', ROLES.PEER])]]);
    const all: Readonly<Record<string, Wanted>> = {
      'a write': { simulation: written('k1', 'k3') },
      'a key with a policy of its own': {
        simulation: { ...written('own'), parameters: onlyFirst },
      },
      'endorsed by one organisation': { endorsers: FIRST, simulation: written('k2') },
      'endorsed twice by one peer': {
        endorsers: [...FIRST, ...FIRST],
        simulation: written('k2'),
      },
      'another id': { id: 'f'.repeat(64), simulation: written('k2') },
      'asked something else': {
        simulation: written('k2'),
        bent: { proposalHash: hash('sha256', 'another', 'buffer') },
      },
      'a type that there is not': { simulation: written('k2'), bent: { type: 7 } },
      'an epoch': { simulation: written('k2'), bent: { epoch: 1 } },
      // Not one without an action: every peer of 2.5.9 that commits it ends with a panic, and does so again at each start
      // (core/common/validation/statebased/validator_keylevel.go, extractDependenciesForTx).
      'two actions': { simulation: written('k2'), bent: { actions: 2 } },
      'no transaction': { bent: { data: Buffer.from([0x0a, 0xff]) } },
      'an expired version': { version: '0.9', simulation: written('k2') },
      'a chaincode that there is not': { chaincode: 'nowhere', simulation: written('k2') },
      'another chaincode answered': {
        simulation: written('k2'),
        bent: { headerChaincode: 'vault' },
      },
      'wrote for a chaincode that there is not': { simulation: foreign('nowhere') },
      'wrote for another chaincode': { simulation: foreign('vault') },
      'wrote for itself twice': { simulation: foreign('bank') },
      // Nor one with a key that begins with an underscore: a peer with CouchDB gets no further than its block.
      'an event of another chaincode': {
        simulation: {
          ...written('k2'),
          event: { name: 'told', payload: 'x', chaincode: 'vault' },
        },
      },
      'an event': {
        simulation: { ...written('k4'), event: { name: 'told', payload: 'once' } },
      },
      'any peer may endorse': {
        chaincode: 'vault',
        endorsers: SECOND,
        simulation: written('k1'),
      },
      'private data': { chaincode: 'vault', endorsers: FIRST, simulation: secret('open') },
      'private data of which one organisation is too little': {
        ...{ chaincode: 'vault', endorsers: FIRST, simulation: secret('strict') },
      },
      'private data that both endorsed': { chaincode: 'vault', simulation: secret('strict') },
      // Nor one with a collection that there is not, which a peer that commits it ends with.
    };
    return Object.entries(all).map(([name, wanted]) => this.#make(name, wanted));
  }

  /** What depends on where the first ones came to stand. */
  second(first: readonly Made[], places: Places): Made[] {
    const idOf = (name: string) => first.find((made) => made.name === name)?.id ?? '';
    const place = (name: string) => {
      const at = places.get(idOf(name));
      if (!at) throw new Error(`${name}: expected it in a block, seen none`);
      return { block: at.block, transaction: at.transaction };
    };
    const k1 = place('a write');
    const stale = { block: k1.block, transaction: k1.transaction + 77 };
    const range = (reads: { key: string; version: typeof k1 }[]) => ({
      ranges: [{ start: 'k1', end: 'k4', exhausted: true, reads }],
      ...written('read'),
    });
    const k3 = { key: 'k3', version: k1 };
    const all: Readonly<Record<string, Wanted>> = {
      'a phantom': { simulation: range([k3]) },
      'a range as it is': {
        simulation: range([
          { key: 'k1', version: k1 },
          { key: 'k2', version: place('an expired version') },
          k3,
        ]),
      },
      'read an older version': { simulation: { reads: new Map([['k1', stale]]) } },
      'read nothing where there was something': {
        simulation: { reads: new Map([['k1', null]]), ...written('k5') },
      },
      'read what was there': { simulation: { reads: new Map([['k1', k1]]), ...written('k1') } },
      'read the same, behind it in a block': {
        simulation: { reads: new Map([['k1', k1]]), ...written('k1') },
      },
      'the key, as its own policy wants it': { endorsers: FIRST, simulation: written('own') },
      'the key, not as its own policy wants it': { endorsers: SECOND, simulation: written('own') },
      'the key and another': { endorsers: FIRST, simulation: written('own', 'k6') },
    };
    const twice = first.find(({ name }) => name === 'a write');
    return [
      ...Object.entries(all).map(([name, wanted]) => this.#make(name, wanted)),
      ...(twice ? [{ ...twice, name: 'the same again' }] : []),
    ];
  }

  /** What only orderers take that let everybody write. */
  badCreators(strangers: readonly string[]): Made[] {
    const bent = { flipped: true };
    return [
      this.#make('a flipped signature', { simulation: written('k7'), bent }),
      ...strangers.map((creator) =>
        this.#make(`by ${creator}`, { creator, simulation: written('k7') }),
      ),
      this.#make('by a client as it should be', { simulation: written('k8') }),
    ];
  }

  /** By and with those that were revoked. */
  revoked(): Made[] {
    const endorsers = ['peer1.org1', 'peer0.org2'];
    return [
      this.#make('by a client that was revoked', { simulation: written('k9') }),
      this.#make('endorsed by a peer that was revoked', {
        ...{ endorsers, creator: 'User1@org2', simulation: written('k9') },
      }),
      this.#make('by another client', { creator: 'User1@org2', simulation: written('k9') }),
    ];
  }
}
