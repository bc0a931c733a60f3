import {
  crash,
  during,
  orderer,
  patient,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// The same fault as their users see it: the libraries decide whom to ask, what to try again and when to give up. Where Raft
// loses what it acknowledged, such a client does nothing more until its commit time-out is over.
for (const client of ['fabric-network', 'fabric-gateway'] as const) {
  scenario(`crash an orderer, clients on ${client}`, {
    load: transfers({ client, clients: 8, accounts: 80 }),
    faults: [during(crash(orderer(0)), { at: seconds(6), for: seconds(4) })],
    expect: { recovery: patient(seconds(30)), ok: { before: 0.95 } },
  });
}
