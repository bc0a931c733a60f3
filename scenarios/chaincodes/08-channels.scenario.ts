import { calls, crash, during, peer, scenario, seconds, shares } from 'fabric-swarm-harness';

scenario('channels of some organisations, through the crash of a peer of each', {
  load: calls({
    chaincode: 'js-counter',
    organisations: ['Org2'],
    channels: {
      both: ['js-counter'],
      private: { chaincodes: ['js-counter-2'], organisations: ['Org1'] },
    },
    clients: 4,
    setUp: [],
    next: shares(
      [0.4, (client, number) => ({ function: 'add', args: [`k${client}-${number % 10}`] })],
      [0.3, (client) => ({ function: 'add', args: [`k${client}`], channel: 'both' })],
      [0.3, (client) => ({ function: 'add', args: [`k${client}`], channel: 'private' })],
    ),
    probe: (name, number) => ({ function: 'add', args: [`probe-${name}-${number}`] }),
  }),
  faults: [
    during(crash(peer('peer1.org1')), { at: seconds(3), for: seconds(4) }),
    during(crash(peer('peer1.org2')), { at: seconds(4), for: seconds(4) }),
  ],
});

scenario('a chaincode that must be initialised', {
  load: calls({
    chaincode: 'js-init',
    clients: 4,
    setUp: [{ function: 'add', args: ['first'], init: true }],
    next: shares(
      [0.7, (client, number) => ({ function: 'add', args: [`k${client}-${number % 10}`] })],
      [0.3, () => ({ function: 'read', args: ['first'], evaluate: true })],
    ),
    verify: ({ function: called, result }) =>
      called !== 'read' || result === '1' ? undefined : `was initialised ${result} times`,
  }),
  duration: seconds(8),
  expect: { operations: 10 },
});
