import {
  during,
  endures,
  freeze,
  isolate,
  ordering,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// Its connections stay open and it says nothing: the others must depose it, and it must learn of that when it wakes.
scenario('silence the leader of ordering', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(freeze(ordering.leader()), { at: seconds(3), for: seconds(12) })],
  expect: endures('an orderer freezes', { recovery: seconds(60) }),
});

// A majority can hear it still, and for BFT n - f of n: it may go on leading.
scenario('cut the leader of ordering off from one of the others', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [
    during(isolate(ordering.leader(), { from: ordering.followers(1) }), {
      at: seconds(3),
      for: seconds(12),
    }),
  ],
  expect: endures('the leader is cut off', { recovery: seconds(60) }),
});
