import { calls, during, freeze, peer, scenario, seconds, shares } from 'fabric-swarm-harness';

scenario('a token in TypeScript, while a peer is frozen', {
  load: calls({
    chaincode: 'ts-token',
    clients: 4,
    setUp: Array.from({ length: 40 }, (_, i) => ({ function: 'mint', args: [`a${i}`, '1000'] })),
    next: (client, number) => ({
      function: 'transfer',
      args: [`a${client * 10 + (number % 5)}`, `a${client * 10 + 5 + (number % 5)}`, '1'],
    }),
    probe: (name) => ({ function: 'mint', args: [`probe-${name}`, '1'] }),
  }),
  faults: [during(freeze(peer('peer1.org2')), { at: seconds(3), for: seconds(6) })],
});

scenario('rich queries and pages in JavaScript', {
  load: calls({
    chaincode: 'js-queries',
    clients: 4,
    setUp: Array.from({ length: 12 }, (_, i) => ({
      function: 'add',
      args: [`book${i}`, `shelf${i % 3}`],
    })),
    next: shares(
      [0.6, (client, number) => ({ function: 'add', args: [`b${client}-${number}`, 'new'] })],
      [0.2, () => ({ function: 'onShelf', args: ['new'], evaluate: true })],
      [0.1, () => ({ function: 'inOrder', args: [], evaluate: true })],
      [0.1, () => ({ function: 'page', args: ['5', ''], evaluate: true })],
    ),
    verify: ({ function: called, args, result }, state) => {
      const books = [...state.entries()].map(([, value]) => JSON.parse(value));
      const shelfOf = new Map(books.map(({ id, shelf }) => [id, shelf]));
      if (called === 'page') {
        const { found } = JSON.parse(result);
        const strange = found.find((id: string) => !shelfOf.has(id));
        if (strange !== undefined) return `${strange} is no book`;
        return found.length === 5 ? undefined : `a page of ${found.length}`;
      }
      const found: string[] = JSON.parse(result);
      const there = books.filter(({ shelf }) => called === 'inOrder' || shelf === args[0]);
      if (found.length !== there.length || new Set(found).size !== found.length) {
        return `${found.length} books, there are ${there.length}`;
      }
      const wrong = found.findIndex(
        (id, i) => !shelfOf.has(id) || (i > 0 && shelfOf.get(id) < shelfOf.get(found[i - 1])),
      );
      return wrong < 0 ? undefined : `${found[wrong]} is out of place`;
    },
  }),
  duration: seconds(8),
});
