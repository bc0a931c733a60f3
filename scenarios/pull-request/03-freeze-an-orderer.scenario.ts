import {
  during,
  endures,
  freeze,
  orderer,
  patient,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// A client gives an orderer 3 s before it turns to the other one; this orderer answers nobody for six times as long,
// and its connections stay open. Peers that pull their blocks from it notice by gRPC's keepalive only, 13 s later
// (grpc-go allows no shorter interval than 10 s): until then they are behind the others, and endorsements may disagree.
scenario('freeze an orderer longer than the patience of its clients', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(freeze(orderer(0)), { at: seconds(3), for: seconds(18) })],
  expect: endures('an orderer freezes', { recovery: patient(seconds(30)) }),
});
