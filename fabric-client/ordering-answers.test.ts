import { RpcError } from './errors.ts';
import { classifyAnswer, classifyError } from './ordering-answers.ts';

it.each([
  ['SUCCESS', '', 'taken'],
  ['BAD_REQUEST', 'bad signature', 'refused'],
  ['FORBIDDEN', '', 'refused'],
  ['REQUEST_ENTITY_TOO_LARGE', '', 'refused'],
  ['NOT_FOUND', 'channel does not exist', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'normal transactions are rejected: maintenance mode', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'anything else', 'maybe'],
  ['INTERNAL_SERVER_ERROR', '', 'maybe'],
  ['UNKNOWN', '', 'maybe'],
  // Without a system channel.
  ['BAD_REQUEST', 'channel does not exist', 'not-taken'],
  [
    'BAD_REQUEST',
    'channel creation request not allowed because the orderer system channel is not defined',
    'not-taken',
  ],
  // Kafka.
  [
    'SERVICE_UNAVAILABLE',
    'backing Kafka cluster has not completed booting; try again later',
    'not-taken',
  ],
  ['SERVICE_UNAVAILABLE', 'consenter for this channel has been halted', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'cannot enqueue', 'maybe'],
  // Raft.
  ['SERVICE_UNAVAILABLE', 'no Raft leader', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'chain is not started', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'EOF', 'maybe'],
  ['SERVICE_UNAVAILABLE', 'timed out (7s) waiting on forwarding to 2', 'maybe'],
  // BFT.
  ['SERVICE_UNAVAILABLE', 'failed to submit request: request already exists', 'taken'],
  ['SERVICE_UNAVAILABLE', 'failed to submit request: request already processed', 'taken'],
  [
    'SERVICE_UNAVAILABLE',
    'failed to submit request: acquiring semaphore for request: {1 2}: context deadline exceeded',
    'not-taken',
  ],
])('an orderer’s %s "%s" means %s', (status, info, expected) => {
  expect(classifyAnswer({ status, info })).toBe(expected);
});

it('a broadcast without an answer is certain only when it was never sent', () => {
  const failure = { subject: 'orderer0', expected: 'an answer', seen: 'none' };
  expect(classifyError(new RpcError(failure, false, 14))).toBe('not-taken');
  expect(classifyError(new RpcError(failure, true, 14))).toBe('maybe');
  expect(classifyError(new Error('anything'))).toBe('maybe');
});
