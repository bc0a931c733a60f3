import { randomBytes } from 'node:crypto';
import type { LoadClient, SubmitRequest, SubmitResult } from '../../workload/client.ts';

/** Clients that do not tell the truth, for negative controls: what a careless program or SDK does to its users. */
export type Untruth = (client: LoadClient) => LoadClient;

/** Every nth call of a client is an untrue one, so that the load as such goes on. */
const EVERY = 3;

const nth = (): (() => boolean) => {
  let count = 0;
  return () => {
    count += 1;
    return count % EVERY === 0;
  };
};

function announce({ prepared }: SubmitRequest, peers: readonly string[]): void {
  prepared({ transactionId: randomBytes(32).toString('hex'), peers });
}

const withSubmit = (
  client: LoadClient,
  submit: (request: SubmitRequest) => Promise<SubmitResult>,
): LoadClient => ({
  name: client.name,
  msp: client.msp,
  channel: client.channel,
  chaincode: client.chaincode,
  submit,
  evaluate: (request) => client.evaluate(request),
});

/** Reports success and sends nothing. */
export const successWithoutSubmitting: Untruth = (client) => {
  const isUntrue = nth();
  return withSubmit(client, async (request) => {
    if (!isUntrue()) return await client.submit(request);
    announce(request, []);
    return { outcome: 'ok', stage: 'commit', code: 'VALID', block: 4 };
  });
};

/** Reports a refusal by the chaincode that was never asked. */
export const refusalWithoutAsking: Untruth = (client) => {
  const isUntrue = nth();
  return withSubmit(client, async (request) => {
    if (!isUntrue()) return await client.submit(request);
    announce(request, []);
    const error = 'bank.transfer: insufficient funds';
    return { outcome: 'fail', stage: 'endorse', refused: true, error };
  });
};

/** Reports failure of what was committed. */
export const failureOfCommitted: Untruth = (client) => {
  const isUntrue = nth();
  return withSubmit(client, async (request) => {
    const result = await client.submit(request);
    if (!isUntrue() || result.outcome !== 'ok') return result;
    return { outcome: 'fail', stage: 'commit', error: 'timed out' };
  });
};

/** Sends another amount than it was asked to. */
export const anotherAmount: Untruth = (client) => {
  const isUntrue = nth();
  return withSubmit(client, async (request) => {
    const [from, to, amount, ...rest] = request.args;
    if (!isUntrue() || from === undefined || to === undefined || rest.length > 0) {
      return await client.submit(request);
    }
    return await client.submit({ ...request, args: [from, to, String(Number(amount) + 1)] });
  });
};

/** Returns another result of a read than the peer gave. */
export const anotherReading: Untruth = (client) => ({
  ...withSubmit(client, (request) => client.submit(request)),
  async evaluate(request) {
    const answer = await client.evaluate(request);
    const { result } = answer;
    if (answer.outcome !== 'ok' || result === undefined) return answer;
    return { ...answer, result: result.replace(/\d+/, (digits) => `${digits}7`) };
  },
});
