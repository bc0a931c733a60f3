import {
  adminToken,
  apiTransfers,
  askFromOverlay,
  byStatus,
  check,
  component,
  crash,
  heldIn,
  improper,
  lost,
  newestOn,
  notOnce,
  openPairs,
  overlayAddresses,
  PASSWORD,
  type RestAnswer,
  registerUsers,
  restClient,
  type Session,
  seconds,
  show,
  untilAnswer,
} from 'fabric-swarm-harness';

// For topologies with two processes of the REST API, e.g. `spread`. On the overlay they have one name; the harness, like
// any client outside, knows both by their machines' ports.
const CHANNEL = 'mychannel';
const BANK = `/channels/${CHANNEL}/chaincodes/bank`;
const ELSEWHERE = 'bank.peer0.org2';
/** `CRL_REFRESH_MS`, and some time for the look itself. */
const SESSIONS_END_MS = 15_000 + 5_000;
const CLIENTS = 16;

function replicas(session: Session): readonly [string, string] {
  const { api } = session.network.topology.application;
  const [second] = api.replicas;
  if (!second) throw new Error('REST API: expected a topology with a replica, seen none');
  return [api.name, second.name];
}

const unique = () => `guest-${Date.now().toString(36)}`;

check('two REST APIs serve one name', async (session, { step }) => {
  const [one, other] = replicas(session);
  const [first, second] = [restClient(session, one), restClient(session, other)];
  const name = unique();
  await step('their name on the overlay', 'the addresses of both', async () => {
    const handles = [one, other].map((each) => session.network.component(each));
    const facts = await Promise.all(handles.map((handle) => handle.container()));
    const own = facts.map((each) => each?.overlayAddress ?? '').sort();
    const told = await overlayAddresses(session, ELSEWHERE, one);
    return { met: told.length === 2 && told.join() === own.join(), seen: told.join(', ') };
  });
  const [token = ''] = await registerUsers(session, [{ username: name, orgName: 'Org1' }]);
  const at = `/channels/${CHANNEL}`;
  await step('a user of one', 'served by the other, who logs him in too', async () => {
    const served = await second.get(at, token);
    const user = { username: name, orgName: 'Org1', password: PASSWORD };
    const entered = await second.post('/users/login', user);
    const met = served.status === 200 && entered.status === 200;
    return { met, seen: `${served.status}, ${show(entered)}` };
  });
  const [pair = ['', '']] = await openPairs(first, token, CHANNEL, `${name}-`, 1);
  const from = await newestOn(session, CHANNEL);
  const send = (api: typeof first, key: string, amount: string): Promise<RestAnswer> =>
    api.call('POST', BANK, {
      token,
      body: { fcn: 'transfer', args: [...pair, amount] },
      headers: { 'idempotency-key': key },
    });
  await step('one key at both, one after the other', 'one answer', async () => {
    const [a, b] = [await send(first, `${name}-1`, '1'), await send(second, `${name}-1`, '1')];
    return { met: a.status === 200 && b.text === a.text, seen: `${show(a)}, ${show(b)}` };
  });
  await step('the key with another amount at the other', '422', async () => {
    const answer = await send(second, `${name}-1`, '2');
    return { met: answer.status === 422, seen: show(answer) };
  });
  await step('twenty keys at both at the same time', 'one answer for each in the end', async () => {
    const wrong: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      const [key, amount] = [`${name}-at-once-${n}`, String(100 + n)];
      const told = await Promise.all([send(first, key, amount), send(second, key, amount)]);
      const open = told.some(({ status }) => status !== 200);
      const last = open ? [await send(first, key, amount), await send(second, key, amount)] : told;
      if (last.some(({ status }) => status !== 200) || last[0]?.text !== last[1]?.text) {
        wrong.push(last.map(show).join(' and '));
      }
    }
    return { met: wrong.length === 0, seen: wrong[0] ?? 'one answer for each' };
  });
  await step('the ledger', 'each of these once', async () => {
    const { transfers } = await heldIn(session, CHANNEL, from);
    const amounts = ['1', '2', ...Array.from({ length: 20 }, (_, n) => String(100 + n))];
    const held = amounts.map((amount) => transfers.get([...pair, amount].join(' ')) ?? 0);
    const met = held.every((times, at) => times === (amounts[at] === '2' ? 0 : 1));
    return { met, seen: held.join(' ') };
  });
  const within = `401 within ${SESSIONS_END_MS / 1_000} s`;
  await step('a user revoked at one', `refused there at once, at the other ${within}`, async () => {
    const admin = await adminToken(session, 'Org1');
    const revoked = await first.call('DELETE', `/users/${name}`, { token: admin });
    const here = await first.get(at, token);
    const there = await untilAnswer(second, 401, SESSIONS_END_MS, () => second.get(at, token));
    const met = revoked.status === 200 && here.status === 401 && there.met;
    return { met, seen: `${show(revoked)}, ${here.status}, ${there.seen}` };
  });
});

check('one of two REST APIs is killed under load', async (session, notes) => {
  const [one, other] = replicas(session);
  const clients = [restClient(session, one), restClient(session, other)] as const;
  const name = unique();
  const users = Array.from({ length: 4 }, (_, n) => ({
    username: `${name}-${n}`,
    orgName: n % 2 === 0 ? 'Org1' : 'Org2',
  }));
  const tokens = await registerUsers(session, users);
  const pairs = await openPairs(clients[0], tokens[0] ?? '', CHANNEL, `${name}-`, CLIENTS);
  const from = await newestOn(session, CHANNEL);
  const ending = new AbortController();
  // What one process does not answer is repeated at the other: as a name with two addresses has it.
  const load = apiTransfers({
    api: clients,
    tokens: Array.from({ length: CLIENTS }, (_, client) => tokens[client % tokens.length] ?? ''),
    channel: CHANNEL,
    accountsOf: (client) => pairs[client] ?? ['', ''],
    signal: AbortSignal.any([session.signal, ending.signal]),
    twiceEach: 5,
    persistMs: seconds(60),
  });
  try {
    for (const killed of [one, other]) {
      const left = killed === one ? clients[1] : clients[0];
      await notes.during(crash(component(killed)), async () => {
        const still = `with ${killed} gone`;
        await notes.step(`the name ${still}`, '200 ten times from the overlay', async () => {
          const request = { path: '/health/live' };
          const answers = await askFromOverlay(session, ELSEWHERE, Array(10).fill(request));
          const statuses = answers.map(({ status }) => status);
          return { met: statuses.every((status) => status === 200), seen: statuses.join(' ') };
        });
        await notes.step(`transfers ${still}`, '200', () =>
          untilAnswer(left, 200, seconds(20), () =>
            left.post(BANK, { fcn: 'open', args: [`${name}-${killed}`, name, '1'] }, tokens[0]),
          ),
        );
      });
      const back = clients[killed === one ? 0 : 1];
      await notes.step(`${killed} is back`, 'ready', () => untilAnswer(back, 200, seconds(60)));
    }
  } finally {
    ending.abort();
  }
  const attempts = await load;
  await notes.step('transfers meanwhile', 'each acknowledged in the end', async () => {
    const all = Map.groupBy(attempts, ({ transfer = '' }) => transfer);
    const never = [...all.values()].filter((of) => of.every(({ status }) => status !== 200));
    const wrong = improper(attempts).filter(({ status }) => status !== 0);
    return {
      met: all.size >= 10 && never.length === 0 && wrong.length === 0,
      seen: `${JSON.stringify(byStatus(attempts))}, ${never.length} never, ${wrong.length} improper`,
    };
  });
  await notes.step('the ledger', 'every acknowledged transfer once', async () => {
    const held = await heldIn(session, CHANNEL, from);
    const [missing, wrong] = [lost(attempts, held.valid), notOnce(attempts, held)];
    const seen = `${missing.length} missing, ${wrong.length} not once ${wrong.slice(0, 3)}`;
    return { met: missing.length + wrong.length === 0, seen };
  });
});
