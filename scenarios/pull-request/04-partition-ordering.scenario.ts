import {
  during,
  endures,
  isolate,
  ordering,
  patient,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// With Kafka the leader is a broker that can reach orderers but neither its followers nor ZooKeeper: it must not
// acknowledge anything, and the others elect a new leader once its session has expired (6 s). With Raft and BFT it is an
// orderer that hears clients and peers but no other orderer.
scenario('cut the leader of ordering off from the others', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [
    during(isolate(ordering.leader(), { from: ordering.cluster() }), {
      at: seconds(3),
      for: seconds(14),
    }),
  ],
  expect: endures('the leader is cut off', { recovery: patient(seconds(60)) }),
});

scenario('cut a follower off', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(isolate(ordering.followers(1)), { at: seconds(3), for: seconds(8) })],
  expect: endures('a follower is cut off', { recovery: patient(seconds(45)) }),
});
