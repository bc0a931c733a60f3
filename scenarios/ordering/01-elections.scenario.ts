import {
  crash,
  during,
  endures,
  ordering,
  restartInTurn,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// Each leader has just taken over when it dies: what the one before had acknowledged is decided by the third.
scenario('kill three leaders of ordering in a row', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [
    during(crash(ordering.leader()), { at: seconds(3), for: seconds(4) }),
    during(crash(ordering.leader()), { at: seconds(18), for: seconds(4) }),
    during(crash(ordering.leader()), { at: seconds(33), for: seconds(4) }),
  ],
  expect: endures('the leader crashes', { recovery: seconds(45) }),
});

// As "restart in turn" does it: the leader is back before anybody has noticed, and the others go on telling clients
// SUCCESS for what nobody has any more.
scenario('restart the leader of ordering at once', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(restartInTurn(ordering.leader()), { at: seconds(3), for: seconds(3) })],
  expect: endures('the leader crashes', { recovery: seconds(45) }),
});

scenario('crash a follower of ordering', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(crash(ordering.followers(1)), { at: seconds(3), for: seconds(8) })],
  expect: endures('a follower crashes', { recovery: seconds(45) }),
});
