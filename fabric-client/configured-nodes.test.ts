import { configuredNodes, configuredOrdering } from './configured-nodes.ts';
import { common, etcdraft, type FabricProtos, msp, orderer, protos } from './protos.ts';

type Group = FabricProtos.common.IConfigGroup;
const value = (bytes: Uint8Array) => ({ value: bytes });
const organisation = (name: string, extra: NonNullable<Group['values']> = {}): Group => ({
  values: {
    MSP: value(
      msp.MSPConfig.encode({
        config: msp.FabricMSPConfig.encode({
          name,
          tls_root_certs: [Buffer.from(`root of ${name}`)],
          tls_intermediate_certs: [Buffer.from(`below`)],
        }).finish(),
      }).finish(),
    ),
    ...extra,
  },
});
const addresses = (...list: string[]) =>
  value(common.OrdererAddresses.encode({ addresses: list }).finish());
function blockOf(root: Group): Uint8Array {
  const data = common.ConfigEnvelope.encode({ config: { channel_group: root } }).finish();
  const envelope = common.Envelope.encode({
    payload: common.Payload.encode({ data }).finish(),
  }).finish();
  return common.Block.encode({ data: { data: [envelope] } }).finish();
}
const anchors = value(
  protos.AnchorPeers.encode({ anchor_peers: [{ host: 'peer0.org1', port: 7051 }] }).finish(),
);
const Application = {
  groups: {
    Org1: organisation('Org1MSP', { AnchorPeers: anchors }),
    Org2: organisation('Org2MSP'),
  },
};

describe('nodes in a configuration block', () => {
  it('are the orderers of each organisation and the anchor peers, with the TLS authorities of their own', () => {
    const Orderer = {
      groups: { A: organisation('AMSP', { Endpoints: addresses('o1:7050', 'o2:7050') }) },
    };
    const node = (address: string) => ({ name: address, address, tlsCaPem: 'root of AMSP\nbelow' });
    expect(
      configuredNodes(
        blockOf({
          groups: { Application, Orderer },
          values: { OrdererAddresses: addresses('old:7050') },
        }),
      ),
    ).toEqual({
      orderers: [node('o1:7050'), node('o2:7050')],
      peers: [
        {
          name: 'peer0.org1:7051',
          address: 'peer0.org1:7051',
          mspId: 'Org1MSP',
          tlsCaPem: 'root of Org1MSP\nbelow',
        },
      ],
    });
  });

  it("are the channel's orderers where no organisation lists its own", () => {
    const root = {
      groups: { Application, Orderer: { groups: { A: organisation('AMSP') } } },
      values: { OrdererAddresses: addresses('orderer0:7050') },
    };
    expect(configuredNodes(blockOf(root)).orderers).toEqual([
      { name: 'orderer0:7050', address: 'orderer0:7050', tlsCaPem: 'root of AMSP\nbelow' },
    ]);
  });

  it('tell how they order, and how long that may take', () => {
    const ordering = (type: string, metadata: Uint8Array = new Uint8Array()) => {
      const values = {
        ConsensusType: value(orderer.ConsensusType.encode({ type, metadata }).finish()),
        BatchTimeout: value(orderer.BatchTimeout.encode({ timeout: '1m2s500ms' }).finish()),
      };
      return configuredOrdering(blockOf({ groups: { Orderer: { values } } }));
    };
    const options = { tick_interval: '500ms', election_tick: 10 };
    expect(ordering('etcdraft', etcdraft.ConfigMetadata.encode({ options }).finish())).toEqual({
      type: 'raft',
      batchTimeoutMs: 62_500,
      calmMs: 21_000,
    });
    expect(ordering('BFT', Buffer.from([0x08, 0x01]))).toMatchObject({ type: 'bft' });
    expect(ordering('kafka')).toMatchObject({ type: 'kafka' });
  });

  it('are in no other block', () => {
    expect(() => configuredNodes(common.Block.encode({}).finish())).toThrow(
      'expected a configuration block, seen another',
    );
  });
});
