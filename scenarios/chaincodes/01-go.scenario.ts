import {
  calls,
  component,
  crash,
  during,
  orderer,
  peer,
  scenario,
  seconds,
  shares,
} from 'fabric-swarm-harness';

scenario('a Go contract with events, through the crash of an orderer', {
  load: calls({
    chaincode: 'go-assets',
    clients: 4,
    setUp: [{ function: 'Create', args: ['known', 'Org1'] }],
    next: shares(
      [0.7, (client, number) => ({ function: 'Create', args: [`a${client}-${number}`, 'Org1'] })],
      [0.1, () => ({ function: 'Create', args: ['known', 'Org2'], refusal: 'expected' })],
      [0.2, () => ({ function: 'Read', args: ['known'], evaluate: true })],
    ),
  }),
  faults: [during(crash(orderer('orderer0')), { at: seconds(3), for: seconds(6) })],
});

scenario('private data from transient fields, through the crash of a peer', {
  load: calls({
    chaincode: 'go-assets',
    clients: 4,
    setUp: [],
    next: shares(
      [
        0.6,
        (client, number) => ({
          function: 'Price',
          args: [`p${client}-${number}`],
          transient: { price: `${100 + number}` },
          endorsers: ['Org1'],
        }),
      ],
      [
        0.2,
        (client, number, random) => ({
          function: 'Offer',
          args: [`o${client}-${number}`],
          transient: { amount: `${1 + Math.floor(1_000 * random())}` },
          endorsers: ['Org1'],
        }),
      ],
      // Sorted by the index of the collection, without which the database refuses to.
      [0.2, () => ({ function: 'Offers', args: [], evaluate: true })],
    ),
    verify: ({ result }) => {
      const amounts = JSON.parse(result).map((offer: { amount: number }) => offer.amount);
      const wrong = amounts.findIndex(
        (amount: number, i: number) => i > 0 && amount > amounts[i - 1],
      );
      return wrong < 0 ? undefined : `offer ${wrong} is higher than the one before`;
    },
    probe: (name, number) => ({
      function: 'Price',
      args: [`probe-${name}-${number}`],
      transient: { price: '1' },
      endorsers: ['Org1'],
    }),
  }),
  faults: [during(crash(peer('peer1.org1')), { at: seconds(3), for: seconds(6) })],
});

scenario('a key that only one organisation may change, through the crash of its chaincode', {
  load: calls({
    chaincode: 'go-assets',
    clients: 2,
    rate: 10,
    users: [
      { name: 'keeper', organisation: 'Org1', attributes: { role: 'keeper' } },
      { name: 'keeper', organisation: 'Org2' },
    ],
    setUp: [],
    next: (client, number) => {
      const id = `k${client}-${Math.floor(number / 3)}`;
      const step = number % 3;
      if (step === 0) return { function: 'Create', args: [id, 'Org2'] };
      if (step === 1) return { function: 'Reserve', args: [id, 'Org2MSP'] };
      return { function: 'Give', args: [id, 'Org1'], endorsers: ['Org2'] };
    },
    probe: (name, number) => ({ function: 'Create', args: [`probe-${name}-${number}`, 'Org1'] }),
  }),
  faults: [during(crash(component('go-assets.peer0.org1')), { at: seconds(3), for: seconds(5) })],
});
