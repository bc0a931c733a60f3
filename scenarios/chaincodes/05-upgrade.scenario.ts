import {
  calls,
  during,
  type Invariant,
  scenario,
  seconds,
  shares,
  upgrade,
} from 'fabric-swarm-harness';

const bothBuilds: Invariant = {
  name: 'both builds count on',
  guarantee:
    'Each count is one more than the one before, whichever build counted, and both builds did.',
  transaction: ({ function: called, changes }) => {
    if (called !== 'add') return undefined;
    const countOf = (value: string | null) => (value === null ? 0 : JSON.parse(value).count);
    const wrong = changes.find(({ before, after }) => countOf(after) !== countOf(before) + 1);
    return (
      wrong && {
        key: wrong.key,
        message: `${wrong.key} went from ${wrong.before} to ${wrong.after}`,
      }
    );
  },
  operation: (_operation, state) => {
    const builds = new Set([...state.entries()].map(([, value]) => JSON.parse(value).build));
    return builds.has(1) && builds.has(2)
      ? undefined
      : `only build ${[...builds].join()} has counted`;
  },
};

scenario('upgrade the chaincode under load', {
  load: calls({
    chaincode: 'js-counter',
    clients: 4,
    setUp: Array.from({ length: 4 }, (_, client) => ({
      function: 'add',
      args: [`before-${client}`],
    })),
    next: shares(
      [0.8, (client, number) => ({ function: 'add', args: [`k${client}-${number % 10}`] })],
      [0.2, (client) => ({ function: 'read', args: [`before-${client}`], evaluate: true })],
    ),
    probe: (name, number) => ({ function: 'add', args: [`probe-${name}-${number}`] }),
  }),
  faults: [
    during(upgrade('js-counter', { to: 'js-counter-2' }), { at: seconds(3), for: seconds(3) }),
  ],
  invariants: [bothBuilds],
});
