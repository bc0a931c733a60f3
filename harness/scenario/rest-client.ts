/** A client of the network's REST API as anyone outside would write it: HTTP and nothing else. */

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
  /** Ask for JSON where the original application answered text. */
  readonly json?: boolean;
  readonly budgetMs?: number;
}

export class RestClient {
  readonly base: string;

  /** @param base e.g. `http://10.0.0.11:4000/` */
  constructor(base: string) {
    this.base = base.replace(/\/$/, '');
  }

  /** @throws Error when there is no answer at all within the budget */
  async call(method: string, path: string, request: RestRequest = {}): Promise<RestAnswer> {
    const { token, body, query, json = false, budgetMs = BUDGET_MS } = request;
    const url = `${this.base}${path}${query ? `?${new URLSearchParams(query)}` : ''}`;
    const started = performance.now();
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(json ? { accept: 'application/json' } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(budgetMs),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const retryAfter = response.headers.get('retry-after');
      return {
        status: response.status,
        type,
        text,
        json: /json/.test(type) ? (JSON.parse(text) as Record<string, unknown>) : {},
        retryAfter: retryAfter === null ? null : Number(retryAfter),
        took: performance.now() - started,
      };
    } catch (cause) {
      const took = Math.round(performance.now() - started);
      throw new Error(
        `${method} ${path}: expected an answer within ${budgetMs} ms, seen none after ${took} ms`,
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

  /**
   * Registers a user.
   *
   * @returns the token
   * @throws Error when refused
   */
  async register(user: object): Promise<string> {
    const answer = await this.post('/users', user);
    if (answer.status !== 200) throw new Error(`POST /users: expected 200, seen ${show(answer)}`);
    return String(answer.json.token);
  }
}

/** An answer in one line, without anything secret. */
export function show({ status, text }: Pick<RestAnswer, 'status' | 'text'>): string {
  const hidden = text.replaceAll(/"(token|secret)":"[^"]*"/g, '"$1":"…"');
  return `${status} ${hidden.length > 200 ? `${hidden.slice(0, 200)}…` : hidden}`.trim();
}
