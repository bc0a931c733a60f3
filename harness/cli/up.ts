import path from 'node:path';
import { patience, patienceText } from '../base/patience.ts';
import type { Settings } from '../base/settings.ts';
import type { DeployedNetwork } from '../network/deployed.ts';
import { providerOf } from '../network/provider.ts';
import { type ComponentStatus, statusOf } from '../network/status.ts';
import { waitForApi } from '../network/wait-for-api.ts';
import { interruptible } from './context.ts';
import { curlExample } from './example.ts';
import { describe, formatStatus, urlsOf } from './status.ts';
import { terminalProgress } from './terminal.ts';

/** `harness up`: brings the network up and leaves it running, or says what runs. */
export async function up(settings: Settings, options: { json?: boolean }): Promise<void> {
  const started = performance.now();
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const interruption = interruptible();
  const { signal } = interruption;
  const progress = terminalProgress(process.stderr, started);
  const provider = await providerOf(settings);
  try {
    const topology = await provider.preflight({ running: 'fine', progress, signal });
    if (patience() > 1) progress.say(patienceText());
    const provided = await provider.provide(topology, {
      settings,
      command: 'harness up',
      progress,
      interruption,
      elapsed: () => (performance.now() - started) / 1000,
      logsFolder: path.join(settings.reportsDir, `up-${time}`, 'logs'),
    });
    const { network } = provided;
    const apiProblem = await progress.step('wait for the REST API', () =>
      waitForApi(network.state, signal),
    );
    const components = (await statusOf(network)).map((component) =>
      // It has just answered that it is ready; the engine's next look, which says so too, may be seconds away.
      component.kind === 'api' && component.state === 'starting' && !apiProblem
        ? { ...component, state: 'healthy' }
        : component,
    );
    if (provided.kind === 'new') {
      if (signal.aborted) await provided.remove();
      signal.throwIfAborted();
      // The last thing that can be interrupted: what is printed below stays.
      await provided.release();
    }
    progress.stop();
    print(network, components, {
      ranAlready: provided.kind === 'running',
      revived: provided.kind === 'running' && provided.revived === true,
      broughtIn: provided.kind === 'running' ? (provided.broughtIn ?? []) : [],
      apiProblem,
      article: settings.apiArticle,
      ...options,
    });
  } finally {
    progress.stop();
  }
}

function print(
  network: DeployedNetwork,
  components: readonly ComponentStatus[],
  options: {
    readonly json?: boolean;
    readonly ranAlready: boolean;
    /** Machines of it had stopped. */
    readonly revived: boolean;
    /** Chaincodes that it had not, or had in another build. */
    readonly broughtIn: readonly string[];
    /** Why the example would not work yet. */
    readonly apiProblem: string | undefined;
    /** The REST API takes the article's script. */
    readonly article: boolean;
  },
): void {
  if (options.json) {
    console.log(JSON.stringify(describe(network, components), null, 2));
    return;
  }
  if (options.article) {
    console.error(
      "WARNING: HARNESS_API_ARTICLE opens the REST API to the article's script: whoever reaches it on\n" +
        '127.0.0.1 is an admin of every organisation. Nothing but that script belongs on such a network.\n',
    );
  }
  if (options.ranAlready) {
    const { name } = network.state;
    const { broughtIn } = options;
    const changed = broughtIn.length > 0 ? `chaincode ${broughtIn.join(', ')} as given now` : '';
    console.log(
      options.revived
        ? `network "${name}" was there; what had stopped of it runs again, with its data${changed && `, and ${changed}`}\n`
        : `network "${name}" runs already; ${changed ? `it has ${changed}` : 'nothing was changed'}\n`,
    );
  }
  console.log(formatStatus(network, components));
  const { topology, firstTransfer } = network.state;
  const { [topology.application.api.name]: api } = urlsOf(components);
  const [channel] = topology.channels;
  const organisation = channel?.organisations[0];
  if (api && channel && organisation) {
    const facts = {
      name: network.state.name,
      channel: channel.name,
      organisation,
      transfer: firstTransfer,
    };
    console.log(
      `\nREST API ${api} (its routes: ${api}docs); to try it, paste:\n\n${curlExample(api, facts)}`,
    );
    if (options.apiProblem) console.log(`\nnot yet, though: ${options.apiProblem}`);
  }
  const { block, transactionId, seconds, imageSeconds } = firstTransfer;
  console.log(
    `\nfirst transfer committed: block ${block}, transaction ${transactionId}, ` +
      `${seconds.toFixed(1)} s after start (images: ${imageSeconds.toFixed(1)} s)`,
  );
}
