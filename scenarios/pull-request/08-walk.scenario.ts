import {
  blockOnEveryPeer,
  channelToCreate,
  check,
  firstAdminSecret,
  PASSWORD,
  type RestAnswer,
  restClient,
  show,
} from 'fabric-swarm-harness';

const USERS = ['Jim', 'Barry'];
const CHAINCODE = { chaincodeName: 'bank', chaincodeVersion: '1.0', chaincodeType: 'node' };

// The steps of the article's testAPIs, in its order, as an outside client takes them; it printed the answers and
// asserted none of them. Where there is no system channel, whoever runs the orderers creates the channel.
check('walk through the REST API', async (session, { step, place }) => {
  const api = restClient(session);
  const organisations = session.network.topology.organisations.map((organisation, index) => ({
    orgName: organisation.name,
    mspId: organisation.mspId,
    username: USERS[index] ?? `User${index}`,
    peers: organisation.peers.map(({ name }) => name),
  }));
  // Two are a majority of three, and who uses the chaincode; with more, the others are on the channel only.
  const users = organisations.slice(0, 2);
  const [first, second] = users;
  const [firstPeer] = first?.peers ?? [];
  if (!first || firstPeer === undefined) throw new Error('expected an organisation with a peer');
  const everyPeer = organisations.flatMap(({ peers }) => peers);
  const suffix = place.channel.slice(-4);
  const tokens: Record<string, string> = {};
  const answers = (name: string, expected: RegExp, ask: () => Promise<RestAnswer>) =>
    step(name, `200 ${expected.source}`, async () => {
      const answer = await ask();
      return { met: answer.status === 200 && expected.test(answer.text), seen: show(answer) };
    });
  const token = (organisation: string) => tokens[organisation] ?? '';

  // An organisation's first admin is made by a secret, once; on a network that has been walked before, an admin is there
  // already, and the walk goes on as him.
  for (const { orgName, username } of organisations) {
    await step(`enrol ${username} of ${orgName}`, '200 with a token', async () => {
      const user = { username, orgName, password: PASSWORD };
      const registered = await api.post('/users', {
        ...user,
        role: 'admin',
        adminSecret: firstAdminSecret(session, orgName),
      });
      const known = [403, 409].includes(registered.status);
      const answer = known ? await api.post('/users/login', user) : registered;
      tokens[orgName] = String(answer.json.token ?? '');
      const text = known ? 'logged in' : 'enrolled';
      const met =
        answer.status === 200 &&
        answer.json.success === true &&
        answer.json.message === `${username} ${text} Successfully` &&
        tokens[orgName] !== '';
      return { met, seen: show(answer) };
    });
  }

  const joined = await api.get('/channels', token(first.orgName), { peer: firstPeer });
  const known = (joined.json.channels as { channel_id: string }[]).map((c) => c.channel_id);
  const { name: channel, exists } = await channelToCreate(session, known, suffix);
  const at = `/channels/${channel}`;
  if (!exists) {
    await answers('create the channel', /"success":true.*created Successfully/, () =>
      api.post(
        '/channels',
        { channelName: channel, channelConfigPath: `../artifacts/channel/${channel}.tx` },
        token(first.orgName),
      ),
    );
  }
  for (const { orgName, peers } of organisations) {
    await answers(
      `join the peers of ${orgName}`,
      new RegExp(
        `"success":true.*joined peers in organization ${orgName} to the channel:${channel}"`,
      ),
      () => api.post(`${at}/peers`, { peers }, token(orgName)),
    );
  }
  for (const { orgName, mspId } of exists ? [] : organisations) {
    await answers(`set the anchor peers of ${orgName}`, /"success":true/, () =>
      api.post(
        `${at}/anchorpeers`,
        { configUpdatePath: `../artifacts/channel/${channel}_${mspId}anchors.tx` },
        token(orgName),
      ),
    );
  }
  for (const { orgName, peers } of users) {
    await answers(`install on the peers of ${orgName}`, /Successfully install chaincode/, () =>
      api.post(
        '/chaincodes',
        { peers, chaincodePath: 'github.com/bank', ...CHAINCODE },
        token(orgName),
      ),
    );
  }
  // Each organisation approves for itself; the one that completes the majority deploys.
  const approve = (orgName: string) =>
    api.post(`${at}/chaincodes`, { ...CHAINCODE, args: ['a', '100', 'b', '200'] }, token(orgName));
  if (second) {
    const waiting = new RegExp(
      `Approved in organization ${second.orgName}; waiting .*${first.mspId}`,
    );
    await answers(`approve for ${second.orgName}`, waiting, () => approve(second.orgName));
  }
  await answers('deploy with a = 100, b = 200', /Successfully instantiate chaingcode/, () =>
    approve(first.orgName),
  );

  const moves: { transactionId: string; by: string }[] = [];
  for (const { orgName, username } of users) {
    await step(`move 10 as ${username}`, '200 and a transaction id', async () => {
      const answer = await api.post(
        `${at}/chaincodes/bank`,
        { fcn: 'move', args: ['a', 'b', '10'], peers: users.map(({ peers: [one] }) => one) },
        token(orgName),
      );
      moves.push({ transactionId: answer.text, by: orgName });
      return {
        met: answer.status === 200 && /^[0-9a-f]{64}$/.test(answer.text),
        seen: show(answer),
      };
    });
  }
  for (const { orgName, peers } of users) {
    for (const peer of peers) {
      for (const [entity, value] of [
        ['a', 100 - 10 * users.length],
        ['b', 200 + 10 * users.length],
      ] as const) {
        const expected = new RegExp(`^${entity} now has ${value} after the move$`);
        await answers(`query ${entity} on ${peer}`, expected, () =>
          api.get(`${at}/chaincodes/bank`, token(orgName), {
            peer,
            fcn: 'query',
            args: `['${entity}']`,
          }),
        );
      }
    }
  }
  await answers('block 1', /^\{"header":\{"number":"?1"?,/, () =>
    api.get(`${at}/blocks/1`, token(first.orgName), { peer: firstPeer }),
  );

  const info = await api.get(at, token(first.orgName), { peer: firstPeer });
  const height = Number(info.json.height);
  await step('chain info', 'a height and the hashes of the newest blocks', async () => ({
    met: height > 5 && /^[0-9a-f]{64}$/.test(String(info.json.currentBlockHash)),
    seen: show(info),
  }));
  await step('the newest block is the same on every peer', 'its hashes everywhere', async () => {
    const copies = await blockOnEveryPeer(session, channel, height - 1);
    const hash = String(info.json.currentBlockHash);
    const answer = await api.get(`${at}/blocks/${height - 1}`, token(users.at(-1)?.orgName ?? ''));
    const header = answer.json.header as { previous_hash: string; data_hash: string };
    const byHash = await api.get(`${at}/blocks`, token(users.at(-1)?.orgName ?? ''), { hash });
    const same = [...copies.values()].filter(
      (copy) =>
        copy.hash === hash &&
        copy.computedDataHash === header.data_hash &&
        copy.previousHash === header.previous_hash,
    );
    return {
      met:
        copies.size === everyPeer.length &&
        same.length === copies.size &&
        byHash.text === answer.text,
      seen: `${same.length} of ${copies.size} copies; by hash ${byHash.status}`,
    };
  });
  for (const { transactionId, by } of moves) {
    await step(
      `the transaction of ${by} is the same on every peer`,
      'VALID in one block with one envelope, by the API and by every peer',
      async () => {
        const asked = await Promise.all(
          organisations.flatMap(({ orgName, peers }) =>
            peers.map((peer) =>
              api.get(`${at}/transactions/${transactionId}`, token(orgName), { peer }),
            ),
          ),
        );
        const [one] = asked;
        const said = asked.filter(
          ({ status, json, text }) =>
            status === 200 && json.validationCode === 0 && text === one?.text,
        );
        const held = new Set<string>();
        for (let number = height - moves.length; number < height; number += 1) {
          for (const [peer, block] of await blockOnEveryPeer(session, channel, number)) {
            const found = block.transactions.find(({ id }) => id === transactionId);
            if (found?.code === 0 && found.args.join() === 'move,a,b,10') held.add(peer);
          }
        }
        return {
          met: said.length === everyPeer.length && held.size === everyPeer.length,
          seen: `${said.length} equal answers, VALID on ${[...held].join(', ') || 'no peer'}`,
        };
      },
    );
  }
  for (const { orgName, peers } of users) {
    const [peer = ''] = peers;
    await answers(
      `installed chaincodes of ${peer}`,
      /name: bank, version: 1\.0, path: bank_1\.0:/,
      () => api.get('/chaincodes', token(orgName), { peer, type: 'installed' }),
    );
    await answers(
      `deployed chaincodes of ${peer}`,
      /name: bank, version: 1\.0, path: sequence 1/,
      () => api.get(`${at}/chaincodes`, token(orgName), { peer }),
    );
    await answers(`channels of ${peer}`, new RegExp(`"channel_id":"${channel}"`), () =>
      api.get('/channels', token(orgName), { peer }),
    );
  }
});
