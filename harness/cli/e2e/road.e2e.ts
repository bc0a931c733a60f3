import { common } from '../../../fabric-client/protos.ts';
import { messageOf } from '../../base/errors.ts';
import { newTlsOf } from '../../fabric/identities/identities.ts';
import { ordererAdmins, removeOrderer } from '../../fabric/participation.ts';
import { madeForBft } from '../../migration/bft.ts';
import { configUpdate } from '../../migration/config-update.ts';
import { withBft } from '../../migration/configuration.ts';
import { type Consensus, consensusUpdate } from '../../migration/consensus.ts';
import { raftMetadata } from '../../migration/raft-metadata.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { succeed, temporaryFolder } from './support/command.ts';
import { expectOneChain, expectTransfers, networkCalled } from './support/network.ts';
import {
  fourOrderers,
  Traveller,
  withCertificate,
  withConsenter,
  withoutLastConsenter,
} from './support/road.ts';

const NAME = 'e2e-road';
const CHANNEL = 'mychannel';
const SYSTEM_CHANNEL = 'system-channel';
const network = new Traveller(NAME);
/** Nothing acknowledged is missing and nothing is there twice; a client that read too early may have been refused. */
const ACCOUNTED =
  /clients: \d+ of \d+ transfers are VALID, each once, in \d+ blocks that are the same/;

/** It orders, and every node has the same blocks. */
async function expectSound(): Promise<void> {
  const running = await networkCalled(NAME);
  await expectOneChain(running, await expectTransfers(running));
}

/** The TLS certificate of an orderer, as the network was made with it. */
const certificateOf = (orderer: string) =>
  network.on(async ({ state }) => {
    const { tls } = state.identities.orderer.nodes[orderer] ?? {};
    if (!tls) throw new Error(`${orderer}: expected a certificate`);
    return tls.certificate;
  });

/** Another certificate of the same orderer, which it does not serve. */
const otherCertificate = (orderer: string) =>
  network.on(async ({ state, network: { machines } }) => {
    const place = { name: orderer, machine: 1 };
    return (await newTlsOf(state.identities, place, addressesOf(machines))).certificate;
  });

describe('Kafka to Raft', () => {
  beforeAll(() => succeed(['--name', NAME, 'up']));
  afterAll(() => succeed(['--name', NAME, 'down']));

  it.each([
    ['no-system-channel', 'is ordered by kafka'],
    ['fabric3', 'Fabric 3 has no Kafka, first: harness migrate raft'],
    ['bft', 'first: harness migrate raft'],
  ])('%s is refused before its turn', async (leg, reason) => {
    expect(await network.refused(leg)).toMatchObject({
      code: 2,
      text: expect.stringContaining(reason),
    });
  });

  it('orderers refuse another type outside maintenance', async () => {
    const words = await network.on(({ topology, state }) => {
      const metadata = raftMetadata(topology, state.identities);
      return network.change(CHANNEL, (now) => consensusUpdate(now, { type: 'etcdraft', metadata }));
    });
    expect(words).toContain('is not in maintenance mode');
  });

  it('goes into maintenance, where type and state cannot change at once and nobody else is served, and back', async () => {
    expect(await network.migrate('raft', '--until', 'maintenance')).toContain(
      'stopped after "maintenance"',
    );
    const words = await network.on(({ topology, state }) => {
      const metadata = raftMetadata(topology, state.identities);
      return network.change(CHANNEL, (now) =>
        consensusUpdate(now, { type: 'etcdraft', metadata, maintenance: false }),
      );
    });
    expect(words).toMatch(/attempted to change ConsensusType.Type from kafka to etcdraft, but/);
    await expect(expectTransfers(await networkCalled(NAME))).rejects.toThrow();
    expect(await network.migrate('raft', '--abort')).toContain(
      'out of maintenance, ordered by kafka as before',
    );
    await expectSound();
  });

  it('names an orderer that stays on Kafka, and takes the type back', async () => {
    await network.migrate('raft', '--until', 'maintenance');
    const seen = await network.frozen('orderer1', () => network.refused('raft', '--until', 'type'));
    expect(seen).toMatchObject({ code: 1, text: expect.stringContaining('orderer1') });
    await network.migrate('raft', '--until', 'type');
    expect(await network.migrate('raft', '--abort')).toContain('ordered by kafka as before');
    await expectSound();
  });

  it('names a consenter with a wrong certificate before anything is stopped', async () => {
    await network.migrate('raft', '--until', 'maintenance');
    const rogue = await otherCertificate('orderer1');
    const wrong = (now: Consensus) =>
      network.on(async ({ topology, state }) => {
        const metadata = raftMetadata(topology, state.identities);
        return consensusUpdate(now, {
          type: 'etcdraft',
          metadata: withConsenter(metadata, 'orderer1', rogue),
        });
      });
    expect(await network.change(CHANNEL, wrong)).toBe(undefined);
    expect(await network.refused('raft')).toMatchObject({
      code: 1,
      text: expect.stringContaining(
        `channel ${CHANNEL}: expected the TLS certificate of orderer1 among its consenters, seen another`,
      ),
    });
    expect(await network.migrate('raft', '--abort')).toContain('ordered by kafka as before');
    await expectSound();
  });

  it('comes to its end although an orderer is killed on the way', async () => {
    const told = await network.migrateWhile('raft', /✓ raft: stop orderers/, 'orderer2', 2);
    expect(told).toContain('proved: a transfer committed on every peer through each of orderer0');
    expect(told).toMatch(ACCOUNTED);
    await expectSound();
  });
});

describe('off the system channel, and to Fabric 3', () => {
  beforeAll(async () => {
    await succeed(['--name', NAME, 'up']);
    await network.migrate('raft', '--until', 'restart');
  });
  afterAll(() => succeed(['--name', NAME, 'down']));

  it('is refused while a channel is in maintenance', async () => {
    expect(await network.refused('no-system-channel')).toMatchObject({
      code: 2,
      text: expect.stringContaining('in maintenance; finish with: harness migrate raft'),
    });
    await network.migrate('raft');
  });

  it('Fabric 3 is refused beside a system channel', async () => {
    expect(await network.refused('fabric3')).toMatchObject({
      code: 2,
      text: expect.stringContaining(`expected no system channel, seen ${SYSTEM_CHANNEL}`),
    });
  });

  it('orderers refuse to leave another channel while there is a system channel', async () => {
    const left = await network.on(async ({ topology, state, network: { machines } }) => {
      const [admin] = ordererAdmins(topology, state.identities, addressesOf(machines));
      if (!admin) throw new Error('expected an admin listener');
      return removeOrderer(admin, CHANNEL).catch(messageOf);
    });
    expect(left).toContain('405');
    expect(left).toContain('system channel exists');
  });

  it('the system channel is left, after a way back, although an orderer is killed on the way', async () => {
    await network.migrate('no-system-channel', '--until', 'maintenance');
    expect(await network.migrate('no-system-channel', '--abort')).toContain(
      `${SYSTEM_CHANNEL}: out of maintenance`,
    );
    const step = /✓ no-system-channel: put the system channel into maintenance/;
    const told = await network.migrateWhile('no-system-channel', step, 'orderer1', 2);
    expect(told).toContain('has a system channel');
    expect(told).toMatch(ACCOUNTED);
  });

  it('a peer that does not answer is named before anything is replaced', async () => {
    const seen = await network.frozen('peer1.org2', () => network.refused('fabric3'));
    expect(seen).toMatchObject({ code: 1, text: expect.stringContaining('peer1.org2') });
  });

  it('orderers go to Fabric 3 and back', async () => {
    await network.migrate('fabric3', '--until', 'orderers');
    expect(await network.migrate('fabric3', '--abort')).toContain('run Fabric 2.5 as before');
    await expectSound();
  });

  it('comes to its end although an orderer is killed on the way, and there is no way back', async () => {
    await network.migrate('fabric3', '--until', 'peers');
    const words = await network.change(
      CHANNEL,
      (now) => {
        const capabilities = common.Capabilities.encode({ capabilities: { V3_0: {} } }).finish();
        const values = { ...now.group.values };
        values.Capabilities = { ...values.Capabilities, value: capabilities };
        return configUpdate(CHANNEL, now.group, { ...now.group, values });
      },
      'everybody',
    );
    expect(words).toContain('global OrdererAddresses are not allowed with V3_0 capability');
    const step = /✓ fabric3: replace the orderers/;
    const told = await network.migrateWhile('fabric3', step, 'orderer3', 2);
    expect(told).toMatch(/orderer0, orderer1, .* run Fabric 3/);
    expect(told).toMatch(ACCOUNTED);
    expect(await network.refused('fabric3', '--abort')).toMatchObject({ code: 2 });
    await expectSound();
  });
});

describe('Raft to BFT', () => {
  const folder = temporaryFolder();
  beforeAll(() => succeed(['--name', NAME, '--topology', fourOrderers(folder.path), 'up']));
  afterAll(async () => {
    await succeed(['--name', NAME, 'down']);
    folder[Symbol.dispose]();
  });

  it('is refused until the channels have capability V3_0', async () => {
    expect(await network.refused('bft')).toMatchObject({
      code: 2,
      text: expect.stringContaining(
        `channel ${CHANNEL}: expected capability V3_0, seen V2_0; finish with: harness migrate fabric3`,
      ),
    });
    expect(await network.migrate('fabric3')).toContain('run Fabric 3');
  });

  it('names a consenter with a wrong certificate before anything is changed', async () => {
    const known = (certificate: string) =>
      network.change(CHANNEL, (now) => withCertificate(now, 'orderer1', certificate));
    const own = await certificateOf('orderer1');
    expect(await known(await otherCertificate('orderer1'))).toBe(undefined);
    const seen = await network.refused('bft');
    expect(await known(own)).toBe(undefined);
    expect(seen).toMatchObject({
      code: 2,
      text: expect.stringContaining(
        'expected the TLS certificate of orderer1 among its consenters, seen another',
      ),
    });
    await expectSound();
  });

  it('orderers refuse another type outside maintenance', async () => {
    const words = await network.change(CHANNEL, (now) => consensusUpdate(now, { type: 'BFT' }));
    expect(words).toContain('is not in maintenance mode');
  });

  it('orderers refuse fewer consenters than Raft has', async () => {
    await network.migrate('bft', '--until', 'maintenance');
    const words = await network.on(async (road) => {
      const made = await madeForBft(road, CHANNEL);
      return network.change(CHANNEL, (now) =>
        configUpdate(CHANNEL, now.group, withBft(now.group, withoutLastConsenter(made))),
      );
    });
    expect(words).toMatch(
      /number of bft consenters: 3 .* not equal to the number of raft consenters: 4/,
    );
  });

  it.each(['maintenance', 'type', 'restart'])('goes back to Raft from %s', async (step) => {
    await network.migrate('bft', '--until', step);
    expect(await network.migrate('bft', '--abort')).toMatch(/ordered by (Raft|etcdraft)/);
    await expectSound();
  });

  it('comes to its end although an orderer is killed on the way, and there is no way back', async () => {
    const told = await network.migrateWhile('bft', /✓ bft: stop all orderers/, 'orderer2', 2);
    expect(told).toMatch(ACCOUNTED);
    expect(await network.refused('bft', '--abort')).toMatchObject({
      code: 2,
      text: expect.stringContaining('is ordered by BFT already'),
    });
    await expectSound();
  });
});
