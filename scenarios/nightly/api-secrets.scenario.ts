import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  adminToken,
  check,
  generatedSecrets,
  openPairs,
  restClient,
  searchSecrets,
} from 'fabric-swarm-harness';

const CHANNEL = 'mychannel';
const BANK = `/channels/${CHANNEL}/chaincodes/bank`;

// What is found must be what was planted, in every kind of place, and nothing else: a search that cannot find proves
// nothing.
check('no secret where anybody looks', async (session, { step, place }) => {
  const api = restClient(session);
  const admin = await adminToken(session, 'Org1');
  const name = `guest-${Date.now().toString(36)}`;
  const password = randomBytes(24).toString('base64url');
  const user = { username: name, orgName: 'Org1', password };
  const { json: invited } = await api.post('/users/invitations', { username: name }, admin);
  const registered = await api.post('/users', { ...user, invitation: invited.invitation });
  const entered = await api.post('/users/login', user);
  const token = String(entered.json.token);
  await openPairs(api, token, CHANNEL, `${name}-`, 1);
  const secrets = new Map(await generatedSecrets(session));
  const made = {
    'token of an admin': admin,
    'token of a user': token,
    'password of a user': password,
    invitation: invited.invitation,
    'enrolment secret': registered.json.secret,
  };
  for (const [what, text] of Object.entries(made)) secrets.set(what, [String(text)]);
  // Errors of every kind, with secrets in their requests.
  const wrong = await Promise.all([
    api.post('/users/login', { ...user, password: `${password}-` }),
    api.post('/users', { ...user, invitation: `${String(invited.invitation)}-` }),
    api.post('/users', { ...user, adminSecret: password, role: 'admin' }),
    api.get(`/channels/${CHANNEL}`, `${token}-`),
    api.call('POST', BANK, { token, body: { fcn: 'transfer', args: [] } }),
    api.call('POST', `/nowhere`, { token, body: user }),
  ]);

  const planted = randomBytes(24).toString('base64url');
  secrets.set('planted', [planted]);
  const quoted = await api.get(BANK, token, { fcn: 'balance', args: JSON.stringify([planted]) });
  const file = path.join(session.runFolder, place.folder, 'planted.txt');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, planted);
  const [machine] = session.network.machines;
  if (!machine) throw new Error('machines: expected one, seen none');
  const folder = `/tmp/planted-${name}`;
  await machine.execOk(['sh', '-c', `mkdir ${folder} && cat > ${folder}/layer`], {
    stdin: planted,
  });
  const handle = session.network.component(session.network.topology.application.api.name);
  const { Image } = (await (await handle.container())?.container.inspect()) ?? { Image: '' };
  const { docker } = handle.machine;
  const container = await docker.createContainer({ Image, Env: [`PLANTED=${planted}`] });
  // Its argument is in the process list for as long as it runs.
  const waiting = 'echo $$ > "$2/pid"; while :; do sleep 1; done';
  const sleeping = machine.exec(['sh', '-c', waiting, 'sh', planted, folder], {
    budgetMs: 400_000,
  });
  sleeping.catch(() => undefined);
  try {
    const texts = [...wrong, quoted].map(({ text }) => text);
    const found = await searchSecrets(session, secrets, texts, [folder]);
    const kinds = {
      answer: /^answer$/,
      report: /^report /,
      log: /^log of api$/,
      processes: /^processes of machine/,
      'settings of a container': /^settings of container/,
      'image layers': /^image layers$/,
    };
    await step(
      'a secret that was planted',
      `found in ${Object.keys(kinds).join(', ')}`,
      async () => {
        const places = found.filter(({ secret }) => secret === 'planted').map((each) => each.place);
        const missed = Object.entries(kinds).flatMap(([kind, pattern]) =>
          places.some((each) => pattern.test(each)) ? [] : [kind],
        );
        return { met: missed.length === 0, seen: `missed in ${missed.join(', ') || 'none'}` };
      },
    );
    await step(`${secrets.size - 1} secrets that were generated`, 'found nowhere', async () => {
      const leaks = found.filter(({ secret }) => secret !== 'planted');
      const seen = leaks.map(({ place: where, secret }) => `${secret} in ${where}`).join('; ');
      return { met: leaks.length === 0, seen: seen || 'none' };
    });
  } finally {
    rmSync(file, { force: true });
    await container.remove({ force: true });
    await machine.exec(['sh', '-c', `kill "$(cat ${folder}/pid)"; rm -rf ${folder}`]);
  }
});
