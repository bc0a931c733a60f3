import { refusalOf } from './refusals.ts';

const reason = (text: string, simulated = false, chaincode = 'mycc', code = 500) =>
  refusalOf(chaincode, code, text, simulated).reason;

it.each([
  'error in simulation: failed to execute transaction x: could not launch chaincode mycc',
  'error in simulation: failed to execute transaction x: timeout expired while executing transaction',
  'error in simulation: transaction returned with failure: GET_STATE failed: error handling CouchDB request',
  'too many requests for /protos.Endorser, exceeding concurrency limit (2500)',
])('takes for the peer’s own trouble: %s', (text) => {
  expect(reason(text)).toBe('peer');
});

it('knows a peer that has not joined', () => {
  expect(reason("channel 'mychannel' not found")).toBe('no-channel');
});

it('takes what a chaincode answered after simulation for its own, whatever it says', () => {
  expect(reason("channel 'x' not found", true)).toBe('chaincode');
  expect(reason("channel 'x' not found", true, 'qscc')).toBe('no-channel');
  expect(reason('insufficient funds', true)).toBe('chaincode');
  expect(reason('insufficient funds', false, 'mycc', 404)).toBe('chaincode');
  expect(reason('insufficient funds')).toBe('other');
});

it('knows a transaction that the ledger holds already', () => {
  expect(reason('duplicate transaction found [x]. Creator [y]')).toBe('duplicate');
});

it('takes what the lifecycle refuses for a chaincode’s refusal', () => {
  expect(reason('namespace bank is not defined', true, '_lifecycle')).toBe('chaincode');
});
