import {
  anotherAmount,
  anotherReading,
  control,
  failureOfCommitted,
  refusalWithoutAsking,
  seconds,
  sound,
  successWithoutSubmitting,
  transfers,
} from 'fabric-swarm-harness';

const reading = {
  load: transfers({ clients: 4, accounts: 40, reads: { share: 0.5 } }),
  duration: seconds(10),
};
const quiet = { load: transfers({ clients: 4, accounts: 40 }), duration: seconds(4) };

sound('clients that tell the truth', reading);

control('a client that reports success without submitting', {
  definition: quiet,
  client: successWithoutSubmitting,
  because: /^F1 .*acknowledged/,
});

control('a client that reports a refusal of what the chaincode would do', {
  definition: quiet,
  client: refusalWithoutAsking,
  because: /^F30 .*insufficient funds/,
});

control('a client that reports failure of what was committed', {
  definition: quiet,
  client: failureOfCommitted,
  because: /^F17 .*told that it failed/,
});

control('a client that sends another amount than it was asked to', {
  definition: quiet,
  client: anotherAmount,
  because: /^F28 .*client asked for transfer/,
});

control('a client that returns another balance than the peer gave', {
  definition: reading,
  client: anotherReading,
  because: /^F14 .*the chain gives/,
});
