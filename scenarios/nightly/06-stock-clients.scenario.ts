import {
  crash,
  during,
  freeze,
  orderer,
  patient,
  peer,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

for (const client of ['fabric-network', 'fabric-gateway'] as const) {
  const load = transfers({ client, clients: 8, accounts: 80 });

  scenario(`freeze an orderer, clients on ${client}`, {
    load,
    faults: [during(freeze(orderer(0)), { at: seconds(3), for: seconds(10) })],
    expect: { recovery: patient(seconds(30)), ok: { before: 0.95 } },
  });

  scenario(`crash a peer, clients on ${client}`, {
    load,
    faults: [during(crash(peer(0)), { at: seconds(3), for: seconds(8) })],
    expect: { recovery: patient(seconds(30)), ok: { before: 0.95 } },
  });
}
