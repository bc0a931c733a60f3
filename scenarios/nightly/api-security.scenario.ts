import {
  adminToken,
  check,
  component,
  crash,
  mongoExpress,
  type Notes,
  PASSWORD,
  type RestAnswer,
  registerUsers,
  restClient,
  revokeAtCa,
  show,
  untilAnswer,
  wrongSecretsAtCa,
} from 'fabric-swarm-harness';

const CHANNEL = 'mychannel';
/** The API looks at the CAs' revocation lists every 15 s. */
const REVOCATION_SEEN_MS = 45_000;

/** For its container to be started again, and for the CA, peers and orderers to have been found. */
const API_START_MS = 60_000;

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const refused = (
  { step }: Notes,
  name: string,
  status: number,
  ask: () => Promise<RestAnswer>,
): Promise<void> =>
  step(name, `${status}, a problem document without a stack`, async () => {
    const answer = await ask();
    const met =
      answer.status === status &&
      answer.type.startsWith('application/problem+json') &&
      answer.json.success === false &&
      !/\bat .*:\d+:\d+/.test(answer.text);
    return { met, seen: show(answer) };
  });

check('REST API refuses tokens of others', async (session, notes) => {
  const api = restClient(session);
  const name = `guest-${Date.now().toString(36)}`;
  const chief = await adminToken(session, 'Org1');
  const victim = `${name}-2`;
  const [member = ''] = await registerUsers(session, [
    { username: name, orgName: 'Org1' },
    { username: victim, orgName: 'Org2' },
  ]);
  const chaincode = { chaincodeName: 'bank', chaincodeVersion: '1.0', chaincodeType: 'node' };
  await refused(notes, 'join peers of the other organisation', 403, () =>
    api.post(`/channels/${CHANNEL}/peers`, { peers: ['peer0.org2'] }, chief),
  );
  await refused(notes, 'install on peers of the other organisation', 403, () =>
    api.post('/chaincodes', { peers: ['peer0.org2'], chaincodePath: 'bank', ...chaincode }, chief),
  );
  await refused(notes, 'an admin of the other organisation', 403, () =>
    api.call('POST', '/users', {
      token: chief,
      body: { username: `${name}-3`, orgName: 'Org2', password: PASSWORD, role: 'admin' },
    }),
  );
  await refused(notes, 'revoke a user of the other organisation', 404, () =>
    api.call('DELETE', `/users/${victim}`, { token: chief }),
  );
  await refused(notes, 'deploy as a member', 403, () =>
    api.post(`/channels/${CHANNEL}/chaincodes`, { ...chaincode, args: [] }, member),
  );
  const [, payload = '', signature] = member.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const forgeries = {
    'a token moved to the other organisation': `${member.split('.')[0]}.${base64({ ...claims, orgName: 'Org2' })}.${signature}`,
    'a token without a signature': `${base64({ alg: 'none', typ: 'JWT' })}.${payload}.`,
    'a token of nobody': `${member}x`,
  };
  for (const [forgery, token] of Object.entries(forgeries)) {
    await refused(notes, forgery, 401, () => api.get(`/channels/${CHANNEL}`, token));
  }
  await refused(notes, 'Mongo operators in place of a name', 400, () =>
    api.post('/users/login', { username: { $ne: null }, orgName: 'Org1', password: PASSWORD }),
  );
});

check('REST API lets no outsider lock or take an identity', async (session, notes) => {
  const api = restClient(session);
  const name = `guest-${Date.now().toString(36)}`;
  const reserved = ['admin', 'Admin', 'peer0.org1', 'orderer0', 'harness-client'];
  for (const username of reserved) {
    await refused(notes, `register '${username}'`, 409, () =>
      api.post('/users', { username, orgName: 'Org1', password: PASSWORD }),
    );
  }
  await notes.step('twelve registrations as the registrar', '409 each', async () => {
    const statuses = new Set<number>();
    for (let i = 0; i < 12; i += 1) {
      const user = { username: 'admin', orgName: 'Org1', password: `${PASSWORD}-${i}` };
      statuses.add((await api.post('/users', user)).status);
    }
    return { met: statuses.size === 1 && statuses.has(409), seen: [...statuses].join(', ') };
  });
  await notes.step('twelve wrong secrets for the registrar at the CA', 'refused each', async () => {
    const refusals = await wrongSecretsAtCa(session, 'Org1', 12);
    return { met: refusals === 12, seen: `${refusals} refused` };
  });
  await notes.during(crash(component('api')), async () => undefined);
  await notes.step('the API after a new start', 'ready', () => untilAnswer(api, 200, API_START_MS));
  await notes.step('a registration then', '200', async () => {
    const user = { username: name, orgName: 'Org1', password: PASSWORD };
    const answer = await api.post('/users', user, await adminToken(session, 'Org1'));
    return { met: answer.status === 200, seen: show(answer) };
  });
});

check('REST API refuses revoked users', async (session, notes) => {
  const api = restClient(session);
  const name = `guest-${Date.now().toString(36)}`;
  const chief = await adminToken(session, 'Org1');
  const [here = '', atCa = ''] = await registerUsers(session, [
    { username: name, orgName: 'Org1' },
    { username: `${name}-ca`, orgName: 'Org1' },
  ]);
  const ask = (token: string) => api.get(`/channels/${CHANNEL}`, token);
  await notes.step('both are served before', '200 twice', async () => {
    const [one, other] = await Promise.all([ask(here), ask(atCa)]);
    return {
      met: one.status === 200 && other.status === 200,
      seen: `${show(one)}, ${show(other)}`,
    };
  });
  await notes.step('the admin revokes one', '200', async () => {
    const answer = await api.call('DELETE', `/users/${name}`, { token: chief });
    return { met: answer.status === 200, seen: show(answer) };
  });
  await refused(notes, 'who is refused at once', 401, () => ask(here));
  await refused(notes, 'and cannot log in', 401, () =>
    api.post('/users/login', { username: name, orgName: 'Org1', password: PASSWORD }),
  );
  await revokeAtCa(session, 'Org1', `${name}-ca`);
  await notes.step('one revoked at the CA, past the API', '401 within 45 s', () =>
    untilAnswer(api, 401, REVOCATION_SEEN_MS, () => ask(atCa)),
  );
  await notes.step('everybody else is served', '200', async () => {
    const answer = await ask(chief);
    return { met: answer.status === 200, seen: show(answer) };
  });
});

check('mongo-express shows the collections behind its login', async (session, { step }) => {
  const { url, login, portsOutside } = mongoExpress(session);
  const look = async (path: string, authorization?: string) => {
    const response = await fetch(`${url}${path}`, {
      headers: authorization ? { authorization } : {},
      signal: AbortSignal.timeout(20_000),
    });
    return { status: response.status, text: await response.text() };
  };
  await step('without a login', '401', async () => {
    const { status, text } = await look('');
    return { met: status === 401 && !text.includes('wallet'), seen: String(status) };
  });
  await step('with a wrong password', '401', async () => {
    const { status } = await look('', `Basic ${btoa('admin:admin')}`);
    return { met: status === 401, seen: String(status) };
  });
  await step('with the login', 'the collections users and wallet', async () => {
    const { status, text } = await look('db/api/', login);
    const found = ['users', 'wallet'].filter((collection) =>
      text.includes(`/db/api/${collection}`),
    );
    return { met: status === 200 && found.length === 2, seen: `${status}, ${found.join(', ')}` };
  });
  await step('the wallet', 'certificates, and no key in clear', async () => {
    const { status, text } = await look('db/api/wallet', login);
    const clear = /PRIVATE KEY/.test(text);
    const met = status === 200 && /CERTIFICATE/.test(text) && !clear;
    return { met, seen: `${status}, ${clear ? 'a key in clear' : 'no key in clear'}` };
  });
  await step('beyond the machine', 'no port published by the engine', async () => {
    const ports = await portsOutside();
    return { met: ports.length === 0, seen: ports.join(', ') || 'none' };
  });
});
