import { common, etcdraft, orderer as messages } from '../../fabric-client/protos.ts';
import type { Consensus } from './consensus.ts';
import { bftProblems, type Held, raftProblems } from './readiness.ts';

const CERTIFICATES = { orderer0: 'A', orderer1: 'B', orderer2: 'C', orderer3: 'D' };

/** A channel of these consenters on one orderer. */
function held(
  consenters: Readonly<Record<string, string>> = CERTIFICATES,
  { type = 'etcdraft', capability = 'V3_0', changesType = true } = {},
): Held {
  const metadata = etcdraft.ConfigMetadata.encode({
    consenters: Object.entries(consenters).map(([host, pem]) => ({
      host,
      server_tls_cert: Buffer.from(pem),
    })),
  }).finish();
  const value = messages.ConsensusType.encode({ type, metadata }).finish();
  const capabilities = common.Capabilities.encode({ capabilities: { [capability]: {} } }).finish();
  const now: Consensus = {
    channel: 'mychannel',
    type,
    maintenance: true,
    configBlock: 4,
    newestBlock: 4,
    changesType,
    group: {
      values: { Capabilities: { value: capabilities } },
      groups: { Orderer: { values: { ConsensusType: { value } } } },
    },
  };
  return { orderer: 'orderer1', now };
}

it('finds nothing wrong with consenters who are the orderers', () => {
  expect(raftProblems([held(), held()], CERTIFICATES)).toEqual([]);
  expect(bftProblems([held()], CERTIFICATES)).toEqual([]);
});

it('wants the change of the type as the newest block: Raft begins after no other', () => {
  expect(raftProblems([held(CERTIFICATES, { changesType: false })], CERTIFICATES)).toEqual([
    expect.stringContaining('channel mychannel on orderer1: expected the change of the type'),
  ]);
});

it('names an orderer that would stay on Kafka', () => {
  expect(raftProblems([held(), held({}, { type: 'kafka' })], CERTIFICATES)).toEqual([
    'channel mychannel on orderer1: expected type etcdraft, seen kafka',
  ]);
});

it('names an orderer whose certificate is another, or which is no consenter', () => {
  const { orderer2: _, ...others } = CERTIFICATES;
  expect(raftProblems([held({ ...others, orderer3: 'X' })], CERTIFICATES)).toEqual([
    'channel mychannel: expected the TLS certificate of orderer2 among its consenters, seen none',
    'channel mychannel: expected the TLS certificate of orderer3 among its consenters, seen another',
  ]);
});

it('names what BFT lacks: the capability, the fourth consenter', () => {
  const { orderer3: _, ...three } = CERTIFICATES;
  expect(bftProblems([held(three, { capability: 'V2_0' })], three)).toEqual([
    'channel mychannel: expected capability V3_0, seen V2_0; finish with: harness migrate fabric3',
    'channel mychannel: expected at least 4 consenters, which BFT takes over one to one, seen 3',
  ]);
  expect(bftProblems([held({}, { type: 'kafka' })], CERTIFICATES)).toEqual([
    'channel mychannel: ordered by kafka',
  ]);
});

it('leaves a channel alone that BFT orders already', () => {
  expect(bftProblems([held({}, { type: 'BFT' })], CERTIFICATES)).toEqual([]);
});
