import { runningContainer } from '../../faults/components.ts';
import { execOk } from '../../swarm/docker-api.ts';
import { CONTAINER_PORTS } from '../../topology/schema.ts';
import type { Session } from '../session.ts';
import type { RestAnswer } from './rest-client.ts';

export interface OverlayRequest {
  readonly method?: string;
  readonly path: string;
  readonly token?: string | undefined;
  readonly body?: object;
}

/** For a Node process to start in a container of a busy machine. */
const START_MS = 20_000;

/** Sends what it finds on standard input, so many at a time, and prints what was answered. */
const PROGRAM = `
let text = '';
process.stdin.on('data', (part) => { text += part; });
process.stdin.on('end', async () => {
  const { base, requests, atATime, budgetMs } = JSON.parse(text);
  const answers = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < requests.length; at = next++) {
      const { method = 'GET', path, token, body } = requests[at];
      const begun = performance.now();
      const answer = await fetch(base + path, {
        method,
        signal: AbortSignal.timeout(budgetMs),
        headers: {
          ...(token ? { authorization: 'Bearer ' + token } : {}),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }).then(
        async (response) => ({
          status: response.status,
          type: response.headers.get('content-type') || '',
          retryAfter: response.headers.get('retry-after'),
          text: await response.text(),
        }),
        (error) => ({ status: 0, type: '', retryAfter: null, text: String(error.cause || error) }),
      );
      answers[at] = { ...answer, took: performance.now() - begun };
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  process.stdout.write(JSON.stringify(answers));
});
`;

/**
 * Asks the REST API by its name on the overlay, from another address than the harness has: in the container of a
 * component that has Node, e.g. a chaincode server of the bank.
 *
 * @param options how many requests are sent at a time, and how long each may take, ms
 * @returns answers in the order of the requests; `status` 0 where there was none
 * @throws Error when the component does not run
 */
export async function askFromOverlay(
  { network }: Pick<Session, 'network'>,
  from: string,
  requests: readonly OverlayRequest[],
  options: { readonly atATime?: number; readonly budgetMs?: number; readonly at?: string } = {},
): Promise<Omit<RestAnswer, 'json'>[]> {
  const { atATime = 1, budgetMs = 30_000, at = network.topology.application.api.name } = options;
  const { container } = await runningContainer(network.component(from));
  const base = `http://${at}:${CONTAINER_PORTS.api.http}`;
  const printed = await execOk(container, ['node', '-e', PROGRAM], {
    stdin: JSON.stringify({ base, requests, atATime, budgetMs }),
    budgetMs: START_MS + budgetMs * Math.ceil(requests.length / atATime),
  });
  const answers = JSON.parse(printed) as (Omit<RestAnswer, 'json' | 'retryAfter'> & {
    retryAfter: string | null;
  })[];
  return answers.map((answer) => ({
    ...answer,
    retryAfter: answer.retryAfter === null ? null : Number(answer.retryAfter),
  }));
}

/** Addresses that a name has on the overlay, as a component is told them. */
export async function overlayAddresses(
  { network }: Pick<Session, 'network'>,
  from: string,
  name: string,
): Promise<string[]> {
  const { container } = await runningContainer(network.component(from));
  const program =
    'require("dns").promises.resolve4(process.argv[1]).then((all) => console.log(JSON.stringify(all.sort())))';
  return JSON.parse(await execOk(container, ['node', '-e', program, name])) as string[];
}
