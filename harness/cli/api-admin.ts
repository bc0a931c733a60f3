import { UsageError } from '../base/errors.ts';
import { firstAdminSecret, PASSWORD, restClient } from '../scenario/author/api.ts';
import { show } from '../scenario/author/rest-client.ts';
import { addressesOf } from '../topology/addresses.ts';
import { runningNetwork, settingsFrom } from './context.ts';
import { failureOf } from './failure.ts';

/**
 * `node harness/cli/api-admin.ts [ORGANISATION]`, on a running network: makes the organisation's first admin at the REST
 * API and prints the API's URL and the admin's token in one line, for programs such as fixtures/api/schemathesis.sh that
 * want both. It is not beside that script, because what lies there goes into the API's image. An organisation's secret
 * makes one admin only, so this works once on a network.
 */
try {
  const network = await runningNetwork(settingsFrom({}));
  const { topology } = network.state;
  const names = topology.organisations.map(({ name }) => name);
  const [orgName = names[0] ?? ''] = process.argv.slice(2);
  if (!names.includes(orgName)) {
    throw new UsageError([`organisation: expected one of ${names.join(', ')}, seen "${orgName}"`]);
  }
  const addresses = addressesOf(network.machines);
  const api = restClient({ network, addresses });
  const answer = await api.post('/users', {
    username: `admin-${Date.now().toString(36)}`,
    orgName,
    password: PASSWORD,
    role: 'admin',
    adminSecret: firstAdminSecret({ network }, orgName),
  });
  api.close();
  if (answer.status !== 200) {
    throw new Error(`admin of ${orgName}: expected a token, seen ${show(answer)}`);
  }
  console.log(`${api.base} ${answer.json.token}`);
} catch (error) {
  const { lines, exitCode } = failureOf(error, Boolean(process.env.DEBUG));
  for (const line of lines) console.error(line);
  process.exitCode = exitCode;
}
