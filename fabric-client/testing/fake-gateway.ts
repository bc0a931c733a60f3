/** A peer with nothing but the gateway's stream of chaincode events, for unit tests. */
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { FieldReader } from '../../harness/fabric/ledger/wire.ts';
import { orderer, protos, toNumber } from '../protos.ts';
import type { Endpoint } from '../types.ts';
import type { TestCrypto } from './fake-node.ts';

/** What a listener asked for. */
export interface Asked {
  readonly channel: string;
  readonly chaincode: string;
  readonly from: number;
  readonly after: string;
}

export type Call = ServerWritableStream<Buffer, Buffer>;

export interface FakeGateway {
  readonly endpoint: Endpoint;
  /** What was asked, listener by listener. */
  readonly turns: readonly Asked[];
  /** Stops the server at once, as if killed. */
  stop(): void;
}

/** @param serve what it does with each listener, of which `turn` counts from 1 */
export async function startFakeGateway(
  crypto: TestCrypto,
  serve: (asked: Asked, call: Call, turn: number) => void,
): Promise<FakeGateway> {
  const turns: Asked[] = [];
  const server = new Server();
  const same = (bytes: Buffer) => bytes;
  server.addService(
    {
      ChaincodeEvents: {
        path: '/gateway.Gateway/ChaincodeEvents',
        ...{ requestStream: false, responseStream: true },
        ...{ requestSerialize: same, requestDeserialize: same },
        ...{ responseSerialize: same, responseDeserialize: same },
      },
    },
    {
      ChaincodeEvents: (call: Call) => {
        const asked = parse(call.request);
        turns.push(asked);
        serve(asked, call, turns.length);
      },
    },
  );
  const pair = {
    private_key: Buffer.from(crypto.node.privateKey),
    cert_chain: Buffer.from(crypto.node.certificate),
  };
  const port = await new Promise<number>((resolve, reject) => {
    const tls = ServerCredentials.createSsl(null, [pair]);
    server.bindAsync('127.0.0.1:0', tls, (error, at) => (error ? reject(error) : resolve(at)));
  });
  const endpoint = {
    name: 'peer0.org1',
    address: `127.0.0.1:${port}`,
    ...{ tlsServerName: 'node.test', tlsCaPem: crypto.authority.certificate },
  };
  return { endpoint, turns, stop: () => server.forceShutdown() };
}

function parse(signed: Buffer): Asked {
  const outer = new FieldReader(signed);
  const asked = { channel: '', chaincode: '', from: -1, after: '' };
  while (outer.next()) {
    if (outer.field !== 1) {
      outer.skip();
      continue;
    }
    const request = outer.message();
    while (request.next()) {
      if (request.field === 1) asked.channel = request.text();
      else if (request.field === 2) asked.chaincode = request.text();
      else if (request.field === 4) {
        asked.from = toNumber(orderer.SeekPosition.decode(request.view()).specified?.number);
      } else if (request.field === 5) asked.after = request.text();
      else request.skip();
    }
  }
  return asked;
}

/** A block's events as the gateway writes them. */
export function tell(call: Call, block: number, ...ids: string[]): void {
  const events = ids.map((tx_id) => {
    const payload = Buffer.from(`of ${tx_id}`);
    const event = { chaincode_id: 'bank', tx_id, event_name: 'transfer', payload };
    const bytes = protos.ChaincodeEvent.encode(event).finish();
    return Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
  });
  call.write(Buffer.concat([...events, Buffer.from([0x10, block])]));
}
