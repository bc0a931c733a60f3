import { crash, during, orderer, peer, program, scenario, seconds } from 'fabric-swarm-harness';

const bank = {
  chaincode: 'bank',
  setUp: [{ function: 'openMany', args: ['program-', '2', 'me', '1000000'] }],
  probe: (name: string, number: number) => ({
    function: 'open',
    args: [`probe-${name}-${number}`, 'me', '1'],
  }),
};

/** One program does one thing after the other. */
const expect = { operations: 8 };

scenario('a program in Node with fabric-gateway, through the crash of an orderer', {
  load: program({
    ...bank,
    command: ['node', 'transfer.mjs'],
    build: ['npm', 'ci', '--no-audit', '--no-fund'],
    folder: 'fixtures/programs/node',
  }),
  faults: [during(crash(orderer('orderer0')), { at: seconds(3), for: seconds(6) })],
  expect,
});

scenario('a program that says nothing, whose transactions are found by its identity', {
  load: program({
    ...bank,
    command: ['sh', '-c', 'exec node transfer.mjs >/dev/null'],
    build: ['npm', 'ci', '--no-audit', '--no-fund'],
    folder: 'fixtures/programs/node',
  }),
  faults: [during(crash(peer('peer1.org2')), { at: seconds(3), for: seconds(6) })],
  expect,
});

scenario('a program in Go with fabric-gateway, through the crash of a peer', {
  load: program({
    ...bank,
    command: ['./transfer'],
    build: ['go', 'build', '-o', 'transfer', '.'],
    folder: 'fixtures/programs/go',
  }),
  faults: [during(crash(peer('peer1.org2')), { at: seconds(3), for: seconds(6) })],
  expect,
});
