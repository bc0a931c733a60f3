import { calls, crash, during, peer, scenario, seconds } from 'fabric-swarm-harness';

scenario('a Go server in an image without a shell, through the crash of a peer', {
  load: calls({
    chaincode: 'go-server',
    clients: 4,
    setUp: [],
    next: (client, number) => ({ function: 'add', args: [`k${client}-${number % 20}`] }),
    probe: (name) => ({ function: 'add', args: [`probe-${name}`] }),
  }),
  faults: [during(crash(peer('peer1.org2')), { at: seconds(3), for: seconds(6) })],
});
