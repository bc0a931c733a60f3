import {
  type Attempt,
  adminToken,
  all,
  apiTransfers,
  byStatus,
  check,
  component,
  crash,
  type Fault,
  heldIn,
  improper,
  lost,
  type Notes,
  newestOn,
  notOnce,
  openPairs,
  orderer,
  PASSWORD,
  peer,
  type RestAnswer,
  type RestClient,
  registerUsers,
  restClient,
  type Session,
  seconds,
  show,
  stop,
  untilAnswer,
  watchMemory,
} from 'fabric-swarm-harness';

const CHANNEL = 'mychannel';
const BANK = `/channels/${CHANNEL}/chaincodes/bank`;
const CLIENTS = 8;

interface Stage {
  readonly api: RestClient;
  readonly tokens: readonly string[];
  readonly admins: { readonly Org1: string; readonly Org2: string };
  readonly pairs: readonly (readonly [string, string])[];
  readonly user: (index: number, organisation?: string) => object;
}

/** Users of both organisations with accounts of their own; their names are new on this network. */
async function prepare(session: Session, { place }: Notes): Promise<Stage> {
  const api = restClient(session);
  const name = `${place.channel.slice(-4)}-${Date.now().toString(36)}`;
  const organisationOf = (index: number) => (index % 2 === 0 ? 'Org1' : 'Org2');
  const user = (index: number, orgName = organisationOf(index)) => ({
    username: `${name}-${index}`,
    orgName,
    password: PASSWORD,
  });
  const users = Array.from({ length: CLIENTS }, (_, i) => user(i));
  const tokens = await registerUsers(session, users);
  const admins = {
    Org1: await adminToken(session, 'Org1'),
    Org2: await adminToken(session, 'Org2'),
  };
  const pairs = await openPairs(api, tokens[0] ?? '', CHANNEL, `${name}-`, CLIENTS);
  return { api, tokens, admins, pairs, user };
}

/** Transfers while a fault is in force: every answer is proper, most are successes, and the ledger holds each of them. */
async function transfersUnder(
  session: Session,
  notes: Notes,
  { api, tokens, pairs }: Stage,
  fault: Fault,
  leastOk: number,
  round = 0,
): Promise<void> {
  const from = await newestOn(session, CHANNEL);
  let attempts: Awaited<ReturnType<typeof apiTransfers>> = [];
  await notes.during(fault, async () => {
    attempts = await apiTransfers({
      api,
      tokens,
      channel: CHANNEL,
      accountsOf: (client) => pairs[client] ?? ['', ''],
      // No two transfers of the same accounts have the same amount.
      firstNumber: round * 10_000,
      signal: AbortSignal.any([session.signal, AbortSignal.timeout(seconds(12))]),
      twiceEach: 3,
    });
  });
  const what = `${fault.text} of ${fault.role.text}`;
  await notes.step(
    `transfers during ${what}`,
    `at least ${leastOk * 100} % acknowledged; no hang, and no error but 409, 503 with Retry-After, 504 with an id`,
    async () => {
      const ok = attempts.filter(({ status }) => status === 200).length;
      const wrong = improper(attempts);
      const slowest = Math.max(0, ...attempts.map(({ took }) => took));
      return {
        met: ok >= 10 && ok / attempts.length >= leastOk && wrong.length === 0,
        seen:
          `${JSON.stringify(byStatus(attempts))}, slowest ${(slowest / 1000).toFixed(1)} s, ` +
          `${wrong.length} improper`,
      };
    },
  );
  await once(session, notes, what, attempts, from);
}

/** Each transfer that was acknowledged is in the ledger once, however often it was asked for; none is there twice. */
async function once(
  session: Session,
  notes: Notes,
  what: string,
  attempts: readonly Attempt[],
  from: number,
): Promise<void> {
  const expected = 'every acknowledged transfer once, none twice, some asked for twice';
  await notes.step(`the ledger after ${what}`, expected, async () => {
    const held = await heldIn(session, CHANNEL, from);
    const missing = lost(attempts, held.valid);
    const wrong = notOnce(attempts, held);
    const transfers = new Set(attempts.map(({ transfer }) => transfer)).size;
    return {
      met: missing.length === 0 && wrong.length === 0 && attempts.length > transfers,
      seen:
        `${attempts.length} requests for ${transfers} transfers, ${missing.length} missing, ` +
        `${wrong.length} not once ${wrong.slice(0, 3)}`,
    };
  });
}

/** An answer of a status, within the time that a client may expect. */
async function answers(
  notes: Notes,
  name: string,
  expected: { status: number; missing?: string; withinS?: number },
  ask: () => Promise<RestAnswer>,
): Promise<void> {
  const { status, missing, withinS = 30 } = expected;
  const words = `${status}${missing ? ` with Retry-After, naming ${missing}` : ''} within ${withinS} s`;
  await notes.step(name, words, async () => {
    const answer = await ask();
    const named = (answer.json.missing as string[] | undefined) ?? [];
    const met =
      answer.status === status &&
      answer.took < withinS * 1000 &&
      (missing === undefined || (answer.retryAfter !== null && named.includes(missing)));
    return { met, seen: `${show(answer)} after ${(answer.took / 1000).toFixed(1)} s` };
  });
}

/** Repeats a question until the answer has a status, e.g. after a heal. */
const soon = (
  { step }: Notes,
  api: RestClient,
  name: string,
  status: number,
  withinS: number,
  ask?: () => Promise<RestAnswer>,
): Promise<void> =>
  step(name, `${status} within ${withinS} s of the heal`, () =>
    untilAnswer(api, status, seconds(withinS), ask),
  );

const reads = async (notes: Notes, { api, tokens, pairs }: Stage, when: string) => {
  const [token = ''] = tokens;
  const [[account] = ['']] = pairs;
  await answers(notes, `query ${when}`, { status: 200 }, () =>
    api.get(BANK, token, { fcn: 'balance', args: `["${account}"]` }),
  );
  await answers(notes, `block ${when}`, { status: 200 }, () =>
    api.get(`/channels/${CHANNEL}/blocks/1`, token),
  );
  await answers(notes, `chain info ${when}`, { status: 200 }, () =>
    api.get(`/channels/${CHANNEL}`, token),
  );
};

const transfer = ({ api, tokens, pairs }: Stage, client = 0) =>
  api.post(BANK, { fcn: 'transfer', args: [...(pairs[client] ?? []), '1'] }, tokens[client]);

check('REST API fails over between orderers', async (session, notes) => {
  const stage = await prepare(session, notes);
  for (const [round, name] of ['orderer0', 'orderer1'].entries()) {
    await transfersUnder(session, notes, stage, crash(orderer(name)), 0.9, round);
    await soon(notes, stage.api, `a transfer after ${name} is back`, 200, 60, () =>
      transfer(stage),
    );
  }
});

check('REST API fails over between peers', async (session, notes) => {
  const stage = await prepare(session, notes);
  const firsts = all(peer('peer0.org1'), peer('peer0.org2'));
  await transfersUnder(session, notes, stage, crash(firsts), 0.8);
  await soon(notes, stage.api, 'a transfer after the peers are back', 200, 60, () =>
    transfer(stage),
  );
});

check('REST API killed under load', async (session, notes) => {
  const { api, tokens, pairs } = await prepare(session, notes);
  const from = await newestOn(session, CHANNEL);
  const ending = new AbortController();
  const load = apiTransfers({
    api,
    tokens,
    channel: CHANNEL,
    accountsOf: (client) => pairs[client] ?? ['', ''],
    signal: AbortSignal.any([session.signal, ending.signal, AbortSignal.timeout(seconds(120))]),
    twiceEach: 5,
    persistMs: 90_000,
  });
  try {
    for (let kill = 1; kill <= 2; kill += 1) {
      await notes.during(crash(component('api')), async () => undefined);
      await soon(notes, api, `ready after kill ${kill}`, 200, 60);
    }
  } finally {
    ending.abort();
  }
  const attempts = await load;
  const what = 'the API was killed twice';
  await notes.step('transfers meanwhile', 'each acknowledged in the end; no hang', async () => {
    const acknowledged = new Set(
      attempts.flatMap(({ status, transfer }) => (status === 200 ? [transfer] : [])),
    );
    const never = new Set(
      attempts.flatMap(({ transfer }) => (acknowledged.has(transfer) ? [] : [transfer])),
    );
    const broken = attempts.filter(({ status }) => status === 0).length;
    return {
      met: acknowledged.size >= 10 && never.size === 0 && broken > 0,
      seen: `${JSON.stringify(byStatus(attempts))}, ${never.size} never acknowledged`,
    };
  });
  await once(session, notes, what, attempts, from);
});

check('REST API answers a key once, whatever happens', async (session, notes) => {
  const { api, tokens, pairs } = await prepare(session, notes);
  const [token = ''] = tokens;
  const [[one, other] = ['', '']] = pairs;
  const from = await newestOn(session, CHANNEL);
  const key = `key-${Date.now().toString(36)}`;
  const send = (amount: string, fcn = 'transfer') =>
    api.call('POST', BANK, {
      token,
      body: { fcn, args: [one, other, amount] },
      headers: { 'idempotency-key': key },
    });
  const first = await send('11');
  const again = (name: string) =>
    notes.step(name, `200 ${first.text}, as the first time`, async () => {
      const answer = await send('11');
      return { met: answer.status === 200 && answer.text === first.text, seen: show(answer) };
    });
  await again('a request and its repetition');
  await answers(notes, 'the key with other arguments', { status: 422 }, () => send('12'));
  await answers(notes, 'the key with another function', { status: 422 }, () => send('11', 'move'));
  await notes.during(crash(component('api')), async () => undefined);
  await soon(notes, api, 'ready after the kill', 200, 60);
  await again('a repetition to the next process');
  await answers(notes, 'the key with other arguments there', { status: 422 }, () => send('12'));
  await notes.step('the ledger', 'the transfer once, and no other', async () => {
    const { transfers } = await heldIn(session, CHANNEL, from);
    const held = ['11', '12'].map((amount) => transfers.get(`${one} ${other} ${amount}`) ?? 0);
    return { met: held.join() === '1,0', seen: `${held.join(' and ')} times` };
  });
});

check('REST API told to end answers what is in flight', async (session, notes) => {
  const { api, tokens, pairs } = await prepare(session, notes);
  const from = await newestOn(session, CHANNEL);
  await using watch = await watchMemory(
    session.network,
    session.network.topology.application.api.name,
  );
  const ending = new AbortController();
  const begun = Date.now();
  // Several at a time for each of few users, so that many are on their way at any moment.
  const load = apiTransfers({
    api,
    tokens: Array.from({ length: CLIENTS * 5 }, (_, client) => tokens[client % CLIENTS] ?? ''),
    channel: CHANNEL,
    accountsOf: (client) => pairs[client % CLIENTS] ?? ['', ''],
    signal: AbortSignal.any([session.signal, ending.signal]),
  });
  const told = watch.line(/shutting down/, seconds(90)).finally(() => ending.abort());
  await notes.during(stop(component('api')), async () => undefined);
  const { time } = JSON.parse(await told) as { time: number };
  const attempts = await load;
  const before = attempts.filter(({ at }) => begun + at < time);
  await notes.step(
    'requests on their way at SIGTERM',
    'each answered, transactions with their id',
    async () => {
      const after = before.filter(({ at, took }) => begun + at + took > time);
      const wrong = improper(before);
      return {
        met: after.length > 0 && wrong.length === 0,
        seen:
          `${after.length} were, ${JSON.stringify(byStatus(after))}; ` +
          `of ${before.length} in all ${wrong.length} improper`,
      };
    },
  );
  await notes.step('the ledger', 'every acknowledged transfer', async () => {
    const missing = lost(attempts, (await heldIn(session, CHANNEL, from)).valid);
    return { met: missing.length === 0, seen: `${missing.length} missing` };
  });
  await soon(notes, api, 'ready again', 200, 60);
});

check('REST API without orderers', async (session, notes) => {
  const stage = await prepare(session, notes);
  await notes.during(crash(all(orderer('orderer0'), orderer('orderer1'))), async () => {
    await reads(notes, stage, 'without orderers');
    await answers(notes, 'a transfer without orderers', { status: 503, missing: 'orderers' }, () =>
      transfer(stage),
    );
    await answers(notes, 'readiness without orderers', { status: 503, missing: 'orderers' }, () =>
      stage.api.get('/health/ready'),
    );
  });
  await soon(notes, stage.api, 'a transfer after the orderers are back', 200, 90, () =>
    transfer(stage),
  );
});

check('REST API without MongoDB', async (session, notes) => {
  const stage = await prepare(session, notes);
  const { api, user } = stage;
  await notes.during(stop(component('mongo')), async () => {
    await reads(notes, stage, 'of a logged-in user');
    await answers(notes, 'a transfer of a logged-in user', { status: 200 }, () => transfer(stage));
    await answers(notes, 'a log-in', { status: 503, missing: 'mongodb' }, () =>
      api.post('/users/login', user(0)),
    );
    await answers(notes, 'a registration', { status: 503, missing: 'mongodb' }, () =>
      api.post('/users', user(100), stage.admins.Org1),
    );
    await answers(notes, 'readiness', { status: 503, missing: 'mongodb' }, () =>
      api.get('/health/ready'),
    );
    await notes.during(crash(component('api')), async () => undefined);
    await soon(notes, api, 'a process that starts meanwhile lives', 200, 60, () =>
      api.get('/health/live'),
    );
  });
  await soon(notes, api, 'a log-in after it is back', 200, 60, () =>
    api.post('/users/login', user(0)),
  );
});

check('REST API without a CA', async (session, notes) => {
  const stage = await prepare(session, notes);
  const { api, user } = stage;
  await notes.during(stop(component('ca.org1')), async () => {
    await answers(
      notes,
      'an enrolment with the CA that is gone',
      { status: 503, missing: 'ca:Org1' },
      () => api.post('/users', user(100, 'Org1'), stage.admins.Org1),
    );
    await answers(notes, 'an enrolment with the other CA', { status: 200 }, () =>
      api.post('/users', user(101, 'Org2'), stage.admins.Org2),
    );
    await answers(notes, 'a log-in', { status: 200 }, () => api.post('/users/login', user(0)));
    await answers(notes, 'a transfer', { status: 200 }, () => transfer(stage));
    await reads(notes, stage, 'without the CA');
    await answers(notes, 'readiness', { status: 503, missing: 'ca:Org1' }, () =>
      api.get('/health/ready'),
    );
  });
  await soon(notes, api, 'the same enrolment after it is back', 200, 60, () =>
    api.post('/users', user(100, 'Org1'), stage.admins.Org1),
  );
});
