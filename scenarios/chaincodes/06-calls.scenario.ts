import {
  calls,
  channelName,
  crash,
  during,
  peer,
  scenario,
  seconds,
  shares,
} from 'fabric-swarm-harness';

scenario('chaincode that calls chaincode, on its own and on another channel', {
  load: calls({
    chaincode: 'js-counter',
    also: ['go-server'],
    channels: { archive: ['js-counter-2', 'go-server'] },
    clients: 4,
    setUp: [{ function: 'add', args: ['known'], channel: 'archive' }],
    next: shares(
      // What the called chaincode writes on the caller's channel belongs to the transaction ...
      [
        0.4,
        (client, number) => ({
          function: 'through',
          args: [`s${client}-${number}`, '', 'go-server', 'add', `k${client}`],
        }),
      ],
      // ... on another channel it can only read.
      [
        0.3,
        (client, number) => ({
          function: 'through',
          args: [`r${client}-${number}`, channelName('archive'), 'js-counter-2', 'read', 'known'],
        }),
      ],
      [0.1, (client) => ({ function: 'add', args: [`k${client}`], chaincode: 'go-server' })],
      [
        0.2,
        (client, number) => ({
          function: 'add',
          args: [`k${client}-${number}`],
          channel: 'archive',
        }),
      ],
    ),
    probe: (name, number) => ({ function: 'add', args: [`probe-${name}-${number}`] }),
  }),
  faults: [during(crash(peer('peer1.org2')), { at: seconds(3), for: seconds(6) })],
});
