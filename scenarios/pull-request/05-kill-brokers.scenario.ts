import { crash, during, kafka, scenario, seconds, transfers } from 'fabric-swarm-harness';

scenario('kill the leader of the topic', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(crash(kafka.leader()), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: seconds(45), ok: { before: 0.95, after: 0.8 } },
});

// One replica is left of three and two must be in sync: writes are refused until one comes back, and nothing that was
// acknowledged may be missing then.
scenario('kill two in-sync replicas', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(crash(kafka.isr(2)), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: seconds(60), mostOkDuring: 0, ok: { before: 0.95 } },
});
