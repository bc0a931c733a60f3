import { RpcError } from '../client/errors.ts';
import { classifyAnswer, classifyError } from './outcome.ts';

it.each([
  ['SUCCESS', '', 'accepted'],
  ['BAD_REQUEST', 'bad signature', 'refused'],
  ['FORBIDDEN', '', 'refused'],
  ['REQUEST_ENTITY_TOO_LARGE', '', 'refused'],
  ['NOT_FOUND', 'channel does not exist', 'unavailable'],
  [
    'SERVICE_UNAVAILABLE',
    'backing Kafka cluster has not completed booting; try again later',
    'unavailable',
  ],
  ['SERVICE_UNAVAILABLE', 'consenter for this channel has been halted', 'unavailable'],
  ['SERVICE_UNAVAILABLE', 'normal transactions are rejected: maintenance mode', 'unavailable'],
  ['SERVICE_UNAVAILABLE', 'cannot enqueue', 'indeterminate'],
  ['INTERNAL_SERVER_ERROR', '', 'indeterminate'],
  ['UNKNOWN', '', 'indeterminate'],
])('an orderer’s %s "%s" means %s', (status, info, expected) => {
  expect(classifyAnswer({ status, info })).toBe(expected);
});

it('a broadcast without an answer is certain only when it was never sent', () => {
  const failure = { subject: 'orderer0', expected: 'an answer', seen: 'none' };
  expect(classifyError(new RpcError(failure, false, 14))).toBe('unavailable');
  expect(classifyError(new RpcError(failure, true, 14))).toBe('indeterminate');
  expect(classifyError(new Error('anything'))).toBe('indeterminate');
});
