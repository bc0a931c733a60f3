import {
  all,
  during,
  isolate,
  kafka,
  scenario,
  seconds,
  transfers,
  zookeeper,
} from 'fabric-swarm-harness';

const cluster = all(kafka.brokers(), zookeeper.ensemble());

// The leader can reach orderers but neither its followers nor ZooKeeper: it must not acknowledge anything, and the
// others elect a new leader once its session has expired (6 s).
scenario('cut the leader of the topic off from brokers and ZooKeeper', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [
    during(isolate(kafka.leader(), { from: cluster }), { at: seconds(3), for: seconds(14) }),
  ],
  expect: { recovery: seconds(60), ok: { before: 0.95, after: 0.8 } },
});

scenario('cut a follower off', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(isolate(kafka.followers(1)), { at: seconds(3), for: seconds(8) })],
  expect: { recovery: seconds(45), ok: { before: 0.95, after: 0.8 } },
});
