import { request } from 'node:https';
import {
  adminToken,
  apiListener,
  apiTlsRoot,
  askFromOverlay,
  check,
  component,
  crash,
  type Notes,
  offerPackageAs,
  openPairs,
  ownUser,
  PASSWORD,
  type RestAnswer,
  registerUsers,
  restClient,
  revokeAtCa,
  revokedInChannel,
  seconds,
  show,
  untilAnswer,
  watchMemory,
} from 'fabric-swarm-harness';

const CHANNEL = 'mychannel';
const BANK = `/channels/${CHANNEL}/chaincodes/bank`;
const ELSEWHERE = 'bank.peer0.org2';
/** The API looks at the CAs' revocation lists every 15 s, and a configuration update takes its time. */
const REVOCATION_SEEN_MS = seconds(45);
/** More than two processes take together from one address in a minute. */
const ATTEMPTS = 1_300;

const unique = () => `guest-${Date.now().toString(36)}`;

/** An answer with a status, and words of it where they matter. */
const answers = (
  { step }: Notes,
  name: string,
  status: number,
  ask: () => Promise<RestAnswer>,
  words = /(?:)/,
): Promise<void> =>
  step(name, `${status} ${words.source === '(?:)' ? '' : words.source}`.trim(), async () => {
    const answer = await ask();
    return { met: answer.status === status && words.test(answer.text), seen: show(answer) };
  });

check('REST API registers whom an admin invites', async (session, notes) => {
  const api = restClient(session);
  const name = unique();
  const admin = await adminToken(session, 'Org1');
  const user = (suffix: string) => ({
    username: `${name}${suffix}`,
    orgName: 'Org1',
    password: PASSWORD,
  });
  const invite = async (username: string, by: string) => {
    const { json } = await api.post('/users/invitations', { username }, by);
    return String(json.invitation ?? '');
  };
  await answers(notes, 'a stranger', 403, () => api.post('/users', user('')));
  await answers(notes, 'a stranger who would be admin', 403, () =>
    api.post('/users', { ...user(''), role: 'admin' }),
  );
  const invitation = await invite(name, admin);
  await answers(notes, 'an invitation for another name', 403, () =>
    api.post('/users', { ...user('-other'), invitation }),
  );
  await answers(notes, 'an invitation as a token', 401, () =>
    api.get(`/channels/${CHANNEL}`, invitation),
  );
  await answers(notes, 'whom it is for', 200, () =>
    api.post('/users', { ...user(''), invitation }),
  );
  await answers(notes, 'the same again', 409, () =>
    api.post('/users', { ...user(''), invitation }),
  );
  const deputy = await api.register({ ...user('-admin'), role: 'admin' }, admin);
  const late = await invite(`${name}-late`, deputy);
  await answers(notes, 'the admin who invited is revoked', 200, () =>
    api.call('DELETE', `/users/${name}-admin`, { token: admin }),
  );
  await answers(notes, 'and the invitation with him', 403, () =>
    api.post('/users', { ...user('-late'), invitation: late }),
  );
  const knock = `${ATTEMPTS} registrations from one address`;
  await notes.step(knock, '403 and then 429 with Retry-After, others served', async () => {
    const flood = Array.from({ length: ATTEMPTS }, (_, n) => ({
      method: 'POST',
      path: '/users',
      body: user(`-flood-${n}`),
    }));
    const asking = askFromOverlay(session, ELSEWHERE, flood, { atATime: 16 });
    const served = await api.get(`/channels/${CHANNEL}`, admin);
    const all = await asking;
    const statuses = Map.groupBy(all, ({ status }) => status);
    const held = statuses.get(429) ?? [];
    const met =
      served.status === 200 &&
      held.length > 0 &&
      held.every(({ retryAfter }) => retryAfter !== null) &&
      [...statuses.keys()].every((status) => [403, 429, 503].includes(status));
    const seen = [...statuses].map(([status, { length }]) => `${length} × ${status}`).join(', ');
    return { met, seen: `${seen}; another meanwhile ${served.status}` };
  });
});

check('REST API deploys for the caller, and goes on where it broke off', async (session, notes) => {
  const api = restClient(session);
  const name = `demo-${Date.now().toString(36)}`;
  const at = `/channels/${CHANNEL}/chaincodes`;
  const [one, two] = [await adminToken(session, 'Org1'), await adminToken(session, 'Org2')];
  const wanted = { chaincodeName: name, chaincodeVersion: '1.0', chaincodeType: 'node' };
  const failing = { ...wanted, args: ['a', '-1', 'b', '200'] };
  const right = { ...wanted, args: ['a', '100', 'b', '200'] };
  const state = (word: string, sequence: number) =>
    new RegExp(
      `"state":"${word}".*"sequence":${sequence}|"sequence":${sequence}.*"state":"${word}"`,
    );
  await offerPackageAs(session, 'bank', name);
  await answers(
    notes,
    'the admin of Org2 approves for Org2 alone',
    200,
    () => api.post(at, failing, two),
    /"state":"approved".*"waitingFor":\["Org1MSP"\]/,
  );
  await answers(
    notes,
    'the admin of Org1 commits; the initialisation fails',
    422,
    () => api.post(at, failing, one),
    /committed as sequence 1 and not initialised/,
  );
  const deployment = () => api.get(`${at}/${name}/deployment`, one);
  await answers(notes, 'how far it came', 200, deployment, state('committed', 1));
  await notes.during(crash(component('api')), async () => undefined);
  await notes.step('the API after a new start', 'ready', () => untilAnswer(api, 200, seconds(60)));
  await offerPackageAs(session, 'bank', name);
  await answers(
    notes,
    'repeated as it should be',
    200,
    () => api.post(at, right, one),
    state('initialised', 1),
  );
  await answers(
    notes,
    'repeated once more',
    200,
    () => api.post(at, right, one),
    state('initialised', 1),
  );
  await answers(notes, 'how far it came then', 200, deployment, state('initialised', 1));
  const balance = () => api.get(`${at}/${name}`, one, { fcn: 'query', args: '["a"]' });
  await answers(
    notes,
    'what it was initialised with',
    200,
    balance,
    /^a now has 100 after the move$/,
  );
  const upgrade = {
    ...wanted,
    chaincodeVersion: '1.1',
    endorsementPolicy: "OR('Org1MSP.member', 'Org2MSP.member')",
    collections: [{ name: 'secrets', policy: "OR('Org1MSP.member')", maxPeerCount: 1 }],
  };
  await answers(
    notes,
    'another version, policy and collections',
    200,
    () => api.post(at, upgrade, two),
    /"waitingFor":\["Org1MSP"\]/,
  );
  await answers(
    notes,
    'approved by the other too',
    200,
    () => api.post(at, upgrade, one),
    state('committed', 2),
  );
  await answers(notes, 'one organisation endorses then', 200, () =>
    api.post(
      `${at}/${name}`,
      { fcn: 'move', args: ['a', 'b', '1'], peers: ['peer0.org2.example.com'] },
      one,
    ),
  );
});

check('REST API has revocations on the ledger', async (session, notes) => {
  const api = restClient(session);
  const name = unique();
  const admin = await adminToken(session, 'Org1');
  const [token = ''] = await registerUsers(session, [{ username: name, orgName: 'Org1' }]);
  const [pair = ['', '']] = await openPairs(api, token, CHANNEL, `${name}-`, 1);
  const own = await ownUser(session, 'Org1', `harness-${name}`, CHANNEL, [...pair, '1']);
  const all = async (ask: () => Promise<Map<string, string>>, expected: string) => {
    const said = [...(await ask())];
    return {
      met: said.every(([, word]) => word === expected),
      seen: said.map(([node, word]) => `${node} ${word}`).join(', '),
    };
  };
  await notes.step('a user’s own signature', 'served by every peer', () =>
    all(own.askPeers, 'served'),
  );
  await notes.step('and his transactions', 'taken by every orderer', () =>
    all(own.askOrderers, 'SUCCESS'),
  );
  const before = await revokedInChannel(session, CHANNEL, 'Org1MSP');
  await revokeAtCa(session, 'Org1', own.name);
  const within = `refused by every peer within ${REVOCATION_SEEN_MS / 1_000} s`;
  await notes.step('once the CA has revoked him', within, async () => {
    const start = performance.now();
    const seen = await all(() => own.untilPeersSay('access', REVOCATION_SEEN_MS), 'access');
    const took = ((performance.now() - start) / 1_000).toFixed(1);
    return { ...seen, seen: `${seen.seen} after ${took} s` };
  });
  await notes.step('his endorsed transactions', 'refused by every orderer', () =>
    all(own.askOrderers, 'FORBIDDEN'),
  );
  await answers(notes, 'the API revokes another', 200, () =>
    api.call('DELETE', `/users/${name}`, { token: admin }),
  );
  await notes.step('the channel’s list then', 'two serial numbers more', async () => {
    const now = await revokedInChannel(session, CHANNEL, 'Org1MSP');
    const more = [...now].filter((serial) => !before.has(serial));
    return { met: more.length === 2, seen: `${before.size} before, ${more.length} more` };
  });
  await answers(notes, 'everybody else is served', 200, () =>
    api.get(`/channels/${CHANNEL}`, admin),
  );
});

check('REST API over HTTPS, and who did what', async (session, notes) => {
  const api = restClient(session);
  const name = unique();
  const [token = ''] = await registerUsers(session, [{ username: name, orgName: 'Org1' }]);
  const [[from, to] = ['', '']] = await openPairs(api, token, CHANNEL, `${name}-`, 1);
  await using watch = await watchMemory(
    session.network,
    session.network.topology.application.api.name,
  );
  const secure = () =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      const { host, port } = apiListener(session);
      const sent = request({ host, port, path: '/health/ready', ca: apiTlsRoot(session) });
      sent.once('response', (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
      sent.once('error', reject);
      sent.end();
    });
  await notes.step(
    'HTTPS at the published port',
    '200 with a certificate of Org1’s TLS CA, and security headers',
    async () => {
      const { status, headers } = await secure();
      const wanted = {
        'strict-transport-security': /max-age=\d{8}/,
        'content-security-policy': /default-src 'none'/,
        'x-content-type-options': /nosniff/,
        'x-frame-options': /DENY/,
        'cache-control': /no-store/,
        'referrer-policy': /no-referrer/,
      };
      const lacking = Object.entries(wanted).flatMap(([header, pattern]) =>
        pattern.test(String(headers[header] ?? '')) ? [] : [header],
      );
      return {
        met: status === 200 && lacking.length === 0,
        seen: `${status}, lacking ${lacking.join(', ') || 'none'}`,
      };
    },
  );
  const answer = await api.post(BANK, { fcn: 'transfer', args: [from, to, '7'] }, token);
  await api.post(BANK, { fcn: 'transfer', args: [to, from, '8'] });
  await notes.step(
    'the audit log',
    'who, what, from where, with which outcome, and no argument',
    async () => {
      const lines = (await watch.log()).split('\n').flatMap((line) => {
        const { audit } = /"audit":\{/.test(line) ? JSON.parse(line) : {};
        return audit === undefined ? [] : [audit as Record<string, unknown>];
      });
      const mine = lines.find(({ transactionId }) => transactionId === answer.text);
      const refused = lines.find(({ by, status }) => by === null && status === 401);
      const met =
        mine?.by === `Org1/${name}` &&
        mine.role === 'member' &&
        mine.status === 200 &&
        mine.fcn === 'transfer' &&
        String(mine.action).startsWith('POST ') &&
        mine.address !== undefined &&
        refused !== undefined &&
        !lines.some((line) => JSON.stringify(line).includes(from));
      return { met, seen: `${JSON.stringify(mine)}, ${JSON.stringify(refused)}` };
    },
  );
});
