import { calls, crash, during, kafka, scenario, seconds, shares } from 'fabric-swarm-harness';

scenario('a Java contract, through the crash of the leader of its topic', {
  load: calls({
    chaincode: 'java-assets',
    clients: 4,
    setUp: [{ function: 'create', args: ['known', 'Org1'] }],
    next: shares(
      [0.8, (client, number) => ({ function: 'create', args: [`a${client}-${number}`, 'Org1'] })],
      [0.2, () => ({ function: 'read', args: ['known'], evaluate: true })],
    ),
  }),
  faults: [during(crash(kafka.leader()), { at: seconds(3), for: seconds(6) })],
});
