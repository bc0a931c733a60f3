import { connect as connectTls } from 'node:tls';
import {
  apiListener,
  askFromOverlay,
  check,
  type Listener,
  type Notes,
  newestOn,
  RawConnections,
  type RestClient,
  rawStatuses,
  registerUsers,
  restClient,
  type Session,
  seconds,
  watchMemory,
} from 'fabric-swarm-harness';

const CHANNEL = 'mychannel';
const BANK = `/channels/${CHANNEL}/chaincodes/bank`;
/** Where the client that must be served meanwhile is: another address than the attacker's. */
const ELSEWHERE = 'bank.peer0.org2';
const SERVED_MS = 5_000;
/** `CONNECTIONS_PER_ADDRESS` in fixtures/api/README.md, like the other bounds here. */
const CONNECTIONS_PER_ADDRESS = 512;
/** A request must arrive within 20 s, its headers within 10 s; both are looked at every second. */
const ARRIVED_MS = seconds(25);

/** A client at another address asks three times, while an attack goes on. */
const servedDuring = (session: Session, { step }: Notes, what: string, token: string) =>
  step(
    `another client during ${what}`,
    `200 within ${SERVED_MS / 1_000} s, three times`,
    async () => {
      const request = { path: `/channels/${CHANNEL}`, token };
      const answers = await askFromOverlay(session, ELSEWHERE, [request, request, request]);
      return {
        met: answers.every(({ status, took }) => status === 200 && took < SERVED_MS),
        seen: answers
          .map(({ status, took }) => `${status} after ${Math.round(took)} ms`)
          .join(', '),
      };
    },
  );

/** Whatever was done to it, it is the same process with no more memory than its container may have. */
async function within(
  session: Session,
  { step }: Notes,
  attack: () => Promise<void>,
): Promise<void> {
  const name = session.network.topology.application.api.name;
  await using watch = await watchMemory(session.network, name);
  await attack();
  await step(
    'the API after all that',
    'the same process, and less memory than it may have',
    async () => ({
      met: (await watch.same()) && watch.limitMiB > 0 && watch.peakMiB < watch.limitMiB,
      seen:
        `${(await watch.same()) ? 'the same process' : 'another process'}, ` +
        `at most ${watch.peakMiB} of ${watch.limitMiB} MiB`,
    }),
  );
}

const head = (line: string, ...headers: string[]) =>
  [line, 'Host: api', ...headers].map((each) => `${each}\r\n`).join('');

const counts = (all: readonly (number | string)[]): string =>
  JSON.stringify(Object.fromEntries([...Map.groupBy(all, String)].map(([k, v]) => [k, v.length])));

check('REST API under slow and many connections', async (session, notes) => {
  const name = `guest-${Date.now().toString(36)}`;
  const [token = ''] = await registerUsers(session, [{ username: name, orgName: 'Org1' }]);
  const api = apiListener(session);
  await within(session, notes, async () => {
    const body = ['Content-Type: application/json', 'Content-Length: 4000'];
    const halves = [
      `${head('POST /users HTTP/1.1', ...body)}\r\n{"username":`,
      `${head(`POST ${BANK} HTTP/1.1`, ...body, `Authorization: Bearer ${token}`)}\r\n{"fcn":`,
      `${head('POST /nowhere HTTP/1.1', ...body)}\r\n{`,
      `${head(`POST ${BANK} HTTP/1.1`, 'Transfer-Encoding: chunked', `Authorization: Bearer ${token}`)}\r\n1\r\n{\r\n`,
    ];
    using half = await RawConnections.open(api, 300, (n) => halves[n % halves.length] ?? '');
    using dripping = await RawConnections.open(api, 100, () => head('GET /health/live HTTP/1.1'), {
      everyMs: 1_000,
      piece: 'X-More: a\r\n',
    });
    await servedDuring(session, notes, '400 requests that do not arrive', token);
    await notes.step('those connections', `ended within ${ARRIVED_MS / 1_000} s`, async () => {
      await half.untilHeld(0, ARRIVED_MS);
      await dripping.untilHeld(0, ARRIVED_MS);
      return {
        met: half.held + dripping.held === 0,
        seen: `${half.held} and ${dripping.held} open; answers ${counts([...half.answers, ...dripping.answers])}`,
      };
    });
    using flood = await RawConnections.open(api, 1_500, () => '');
    const few = `at most ${CONNECTIONS_PER_ADDRESS} stay`;
    await notes.step('1,500 connections from one address', few, async () => {
      const held = await flood.untilHeld(CONNECTIONS_PER_ADDRESS, seconds(10));
      return { met: held <= CONNECTIONS_PER_ADDRESS, seen: `${held} open` };
    });
    await servedDuring(session, notes, 'a flood of connections', token);
  });
});

check('REST API given what no client sends', async (session, notes) => {
  const name = `guest-${Date.now().toString(36)}`;
  const [token = ''] = await registerUsers(session, [{ username: name, orgName: 'Org1' }]);
  const api = apiListener(session);
  const live = `${head('GET /health/live HTTP/1.1')}\r\n`;
  const raw = (what: string, bytes: string, expected: readonly number[], answers = 1) =>
    notes.step(what, `${answers} of ${expected.join(', ')}`, async () => {
      const statuses = await rawStatuses(api, bytes, answers, seconds(30));
      return {
        met: statuses.length >= answers && statuses.every((status) => expected.includes(status)),
        seen: counts(statuses),
      };
    });
  await within(session, notes, async () => {
    const large = `X-Large: ${'a'.repeat(70_000)}`;
    await raw('headers of 70 kB', `${head('GET /health/live HTTP/1.1', large)}\r\n`, [431]);
    const many = Array.from({ length: 900 }, (_, n) => `X-${n}: a`);
    await raw('900 headers', `${head('GET /health/live HTTP/1.1', ...many)}\r\n`, [200, 431]);
    await raw('no HTTP', '\u0000\u0001\u0002\r\n\r\n', [400]);
    await raw('HTTP/2 without TLS', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]);
    await notes.step('HTTP/2 with TLS', 'not offered', async () => {
      const protocol = await offered(api);
      return { met: protocol === false, seen: String(protocol) };
    });
    const both = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n';
    const smuggled = `${head('POST /users HTTP/1.1')}${both}\r\n0\r\n\r\n${live}`;
    await raw('two lengths of one body', smuggled, [400]);
    const pipelining = raw(
      '2,000 requests at once on one connection',
      live.repeat(2_000),
      [200],
      2_000,
    );
    await Promise.all([pipelining, servedDuring(session, notes, 'pipelining', token)]);
  });
});

async function offered({ host, port }: Listener): Promise<string | false | null> {
  const socket = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket.alpnProtocol));
      // Refusing the handshake offers it as little.
      socket.once('error', (error: NodeJS.ErrnoException) =>
        /alpn|no_application_protocol/i.test(`${error.code} ${error.message}`)
          ? resolve(false)
          : reject(error),
      );
    });
  } finally {
    socket.destroy();
  }
}

/** An owner's name of 192 bytes, and ids of 60: a row of what an owner has is 300 bytes. */
const ownerOf = (letter: string, name: string) => letter.repeat(64 - name.length) + name;
const PER_CALL = 500;
const ROWS = { fits: 3_500, exceeds: 15_000 } as const;
/** `ANSWER_LIMIT_BYTES` */
const ANSWER_LIMIT_BYTES = 4 * 1_048_576;
const BEYOND = /more bytes than this server passes on/;

async function openAccounts(
  api: RestClient,
  token: string,
  owner: string,
  prefix: string,
  rows: number,
): Promise<void> {
  const calls = Array.from({ length: Math.ceil(rows / PER_CALL) }, (_, n) => n);
  const work = async () => {
    for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
      const args = [`${`${prefix}${call}-`.padEnd(55, 'x')}-`, String(PER_CALL), owner, '1'];
      const { status, text } = await api.post(BANK, { fcn: 'openMany', args }, token);
      if (status !== 200) throw new Error(`openMany: expected 200, seen ${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
}

check('REST API asked for much at once', async (session, notes) => {
  const name = `guest-${Date.now().toString(36)}`;
  const [token = ''] = await registerUsers(session, [{ username: name, orgName: 'Org1' }]);
  const api = restClient(session);
  const from = await newestOn(session, CHANNEL);
  const owners = { fits: ownerOf('中', name), exceeds: ownerOf('国', name) };
  for (const kind of ['fits', 'exceeds'] as const) {
    await notes.step(`${ROWS[kind]} accounts of one owner`, 'opened', async () => {
      await openAccounts(api, token, owners[kind], `${name}-${kind}-`, ROWS[kind]);
      return { met: true, seen: 'opened' };
    });
  }
  const query = (owner: string) => () =>
    api.get(BANK, token, { fcn: 'accountsByOwner', args: JSON.stringify([owner]) });
  const many = async (
    what: string,
    count: number,
    ask: (n: number) => ReturnType<typeof api.get>,
  ) =>
    notes.step(what, '200, 503 or 504 each, and some 200', async () => {
      const answers = await Promise.all(Array.from({ length: count }, (_, n) => ask(n)));
      const statuses = answers.map(({ status }) => status);
      const slowest = Math.max(...answers.map(({ took }) => took));
      const largest = Math.max(...answers.map(({ text }) => Buffer.byteLength(text)));
      return {
        met: statuses.includes(200) && statuses.every((status) => [200, 503, 504].includes(status)),
        seen:
          `${counts(statuses)}, slowest ${(slowest / 1_000).toFixed(1)} s, ` +
          `largest ${(largest / 1_048_576).toFixed(1)} MiB`,
      };
    });
  await within(session, notes, async () => {
    // A state database on a busy machine may not find so many in the time that a peer has.
    await notes.step(
      'an answer beyond the bound',
      `422: more than ${ANSWER_LIMIT_BYTES} bytes, or 504`,
      async () => {
        const { status, text, took } = await query(owners.exceeds)();
        return {
          met: (status === 422 && BEYOND.test(text)) || status === 504,
          seen: `${status} ${text.slice(0, 200)} after ${Math.round(took)} ms`,
        };
      },
    );
    const queries = many('40 queries of a megabyte at once', 40, query(owners.fits));
    await Promise.all([queries, servedDuring(session, notes, 'large queries', token)]);
    const newest = await newestOn(session, CHANNEL);
    const block = (n: number) => from + 1 + (n % Math.max(1, newest - from));
    const blocks = many('400 large blocks at once', 400, (n) =>
      api.get(`/channels/${CHANNEL}/blocks/${block(n)}`, token),
    );
    await Promise.all([blocks, servedDuring(session, notes, 'many blocks', token)]);
  });
  api.close();
});
