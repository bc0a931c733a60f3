import {
  during,
  endures,
  loseMachine,
  machineAt,
  patient,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// Machine 3 takes an orderer with it and, in the article’s placement, two brokers and the quorum of ZooKeeper.
scenario('lose a machine and get it back', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(loseMachine(machineAt(2)), { at: seconds(3), for: seconds(10) })],
  expect: endures('a machine is lost', { recovery: patient(seconds(90)) }),
});
