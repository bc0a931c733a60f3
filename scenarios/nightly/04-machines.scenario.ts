import {
  during,
  freeze,
  isolate,
  loseMachine,
  machineAt,
  patient,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

const load = transfers({ clients: 8, accounts: 80 });

scenario('lose machine 2', {
  load,
  faults: [during(loseMachine(machineAt(1)), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: patient(seconds(120)), ok: { before: 0.99, after: 0.9 } },
});

scenario('freeze machine 3', {
  load,
  faults: [during(freeze(machineAt(2)), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: patient(seconds(120)), ok: { before: 0.99, after: 0.9 } },
});

scenario('the overlay is cut between machine 2 and the others, the Swarm does not notice', {
  load,
  faults: [during(isolate(machineAt(1), { plane: 'data' }), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: patient(seconds(120)), ok: { before: 0.99, after: 0.9 } },
});

scenario('the Swarm loses sight of machine 3', {
  load,
  faults: [
    during(isolate(machineAt(2), { plane: 'control' }), { at: seconds(3), for: seconds(10) }),
  ],
  expect: { recovery: patient(seconds(120)), ok: { before: 0.99, after: 0.9 } },
});
