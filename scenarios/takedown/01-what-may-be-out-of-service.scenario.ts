import {
  all,
  component,
  crash,
  during,
  kafka,
  orderer,
  patient,
  peer,
  scenario,
  seconds,
  transfers,
  zookeeper,
} from 'fabric-swarm-harness';

// What the article's author found that invoke and query survive, taken down one after the other until one orderer, one
// broker and two peers are left, and no ZooKeeper. Needs minInsyncReplicas: 1, as in fixtures/network/article-isr1.yaml.
const END = seconds(48);
const from = (at: number) => ({ at: seconds(at), for: END - seconds(at) });

scenario('what may be out of service', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [
    during(crash(all(peer('peer1.org1'), component('couchdb1.org1'))), from(3)),
    during(crash(all(peer('peer1.org2'), component('couchdb1.org2'))), from(6)),
    during(crash(all(component('ca.org1'), component('ca.org2'))), from(9)),
    during(crash(orderer('orderer1')), from(12)),
    during(crash(kafka.bystander()), from(18)),
    during(crash(kafka.followers(1)), from(23)),
    during(crash(kafka.followers(1)), from(31)),
    during(crash(zookeeper.ensemble()), from(40)),
  ],
  expect: { recovery: patient(seconds(90)), ok: { before: 0.99, during: 0.9, after: 0.8 } },
});
