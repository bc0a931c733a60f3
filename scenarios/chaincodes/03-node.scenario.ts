import { calls, during, freeze, peer, scenario, seconds, shares } from 'fabric-swarm-harness';

scenario('a token in TypeScript, while a peer is frozen', {
  load: calls({
    chaincode: 'ts-token',
    clients: 4,
    setUp: Array.from({ length: 40 }, (_, i) => ({ function: 'mint', args: [`a${i}`, '1000'] })),
    next: (client, number) => ({
      function: 'transfer',
      args: [`a${client * 10 + (number % 5)}`, `a${client * 10 + 5 + (number % 5)}`, '1'],
    }),
    probe: (name) => ({ function: 'mint', args: [`probe-${name}`, '1'] }),
  }),
  faults: [during(freeze(peer('peer1.org2')), { at: seconds(3), for: seconds(6) })],
});

scenario('rich queries and pages in JavaScript', {
  load: calls({
    chaincode: 'js-queries',
    clients: 4,
    setUp: Array.from({ length: 12 }, (_, i) => ({
      function: 'add',
      args: [`book${i}`, `shelf${i % 3}`],
    })),
    next: shares(
      [0.7, (client, number) => ({ function: 'add', args: [`b${client}-${number}`, 'new'] })],
      [0.2, () => ({ function: 'onShelf', args: ['shelf1'], evaluate: true })],
      [0.1, () => ({ function: 'page', args: ['5', ''], evaluate: true })],
    ),
  }),
  duration: seconds(8),
});
