import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { waitFor } from '../../base/wait.ts';

/** Longest that the API lets any request take, ms, and some time for the way (`LIFECYCLE_TIMEOUT_MS` in its README). */
const BUDGET_MS = 190_000;

export interface RestAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The body if it is JSON, else an empty object. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly retryAfter: number | null;
  /** Milliseconds from the request to the end of the answer. */
  readonly took: number;
}

export interface RestRequest {
  readonly token?: string | undefined;
  readonly body?: object;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ask for JSON where the original application answered text. */
  readonly json?: boolean;
  readonly budgetMs?: number;
}

/**
 * A client of the network's REST API as anyone outside would write it: HTTP and nothing else. Connections are kept, one
 * for each request in flight; `fetch` would cost a benchmark more than what it measures.
 */
export class RestClient {
  readonly base: string;
  readonly #agent = new Agent({ keepAlive: true });

  /** @param base e.g. `http://10.0.0.11:4000/` */
  constructor(base: string) {
    this.base = base.replace(/\/$/, '');
  }

  /** @throws Error when there is no complete answer within the budget */
  async call(method: string, path: string, request: RestRequest = {}): Promise<RestAnswer> {
    const {
      token,
      body,
      query,
      headers = {},
      json = false,
      budgetMs = patient(BUDGET_MS),
    } = request;
    const url = `${this.base}${path}${query ? `?${new URLSearchParams(query)}` : ''}`;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const started = performance.now();
    const sent = httpRequest(url, {
      method,
      agent: this.#agent,
      signal: AbortSignal.timeout(budgetMs),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined
          ? {}
          : {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(payload),
            }),
        ...(json ? { accept: 'application/json' } : {}),
        ...headers,
      },
    });
    try {
      sent.end(payload);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const body = await text(response);
      const { 'content-type': type = '', 'retry-after': retryAfter } = response.headers;
      return {
        status: response.statusCode ?? 0,
        type,
        text: body,
        json: /json/.test(type) ? (JSON.parse(body) as Record<string, unknown>) : {},
        retryAfter: retryAfter === undefined ? null : Number(retryAfter),
        took: performance.now() - started,
      };
    } catch (cause) {
      const took = Math.round(performance.now() - started);
      throw new Error(
        `${method} ${path}: expected an answer within ${budgetMs} ms, seen ${messageOf(cause)} after ${took} ms`,
        { cause },
      );
    }
  }

  get(path: string, token?: string, query?: Record<string, string>): Promise<RestAnswer> {
    return this.call('GET', path, { token, ...(query ? { query } : {}) });
  }

  post(path: string, body: object, token?: string): Promise<RestAnswer> {
    return this.call('POST', path, { token, body });
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }

  /**
   * Registers a user.
   *
   * @param admin token of an admin of the user's organisation
   * @returns the user's token
   * @throws Error when refused
   */
  async register(user: object, admin: string): Promise<string> {
    const answer = await this.post('/users', user, admin);
    if (answer.status !== 200) throw new Error(`POST /users: expected 200, seen ${show(answer)}`);
    return String(answer.json.token);
  }
}

/** An answer in one line, without anything secret. */
export function show({ status, text }: Pick<RestAnswer, 'status' | 'text'>): string {
  const hidden = text.replaceAll(/"(token|secret)":"[^"]*"/g, '"$1":"…"');
  return `${status} ${hidden.length > 200 ? `${hidden.slice(0, 200)}…` : hidden}`.trim();
}

/**
 * Asks again until an answer has a status, e.g. after a heal.
 *
 * @param ask whether it is ready unless told
 * @returns as a check's step has it
 */
export async function untilAnswer(
  api: RestClient,
  status: number,
  budgetMs: number,
  ask: () => Promise<RestAnswer> = () => api.get('/health/ready'),
): Promise<{ met: boolean; seen: string }> {
  const start = performance.now();
  const after = () => `after ${((performance.now() - start) / 1_000).toFixed(1)} s`;
  const expected = `an answer with status ${status}`;
  const wait = { subject: 'REST API', expected, budgetMs, intervalMs: 250 };
  try {
    const answer = await waitFor(wait, async () => {
      const seen = await ask();
      if (seen.status === status) return seen;
      throw new Error(show(seen));
    });
    return { met: true, seen: `${show(answer)} ${after()}` };
  } catch (error) {
    return { met: false, seen: `${messageOf(error)} ${after()}` };
  }
}
