import { randomInt } from 'node:crypto';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { type OwnChaincode, parseOwnChaincode } from '../network/chaincode/own-chaincode.ts';
import { identityFolder } from '../network/foreign/identity.ts';
import { type ForeignPlace, foreignNetwork } from '../network/foreign/network.ts';
import { providerOf } from '../network/provider.ts';
import {
  closingLine,
  formatScorecard,
  reportToGitHub,
  runVerdict,
  tally,
} from '../report/index.ts';
import { runUnitSuite } from '../scenario/run/jest-runs.ts';
import { runSuite } from '../scenario/run/suite.ts';
import { interruptible } from './context.ts';
import { givenSettings } from './given-settings.ts';
import { scenarioFiles } from './scenario-files.ts';
import { columnsOf, terminalProgress } from './terminal.ts';
import type { TestOptions } from './test-options.ts';

/** `harness test`: a suite or single files on one network, with audit and report. */
export async function test(settings: Settings, options: TestOptions): Promise<void> {
  const started = performance.now();
  const files = scenarioFiles(options);
  const seed = seedOf(settings, options);
  const ownChaincodes = ownChaincodesOf(options);
  const foreign = await foreignPlace(options);
  const interruption = interruptible();
  const { signal } = interruption;
  const progress = terminalProgress(process.stderr, started);
  const provider = await providerOf(settings);
  const topology = foreign
    ? undefined
    : await provider.preflight({ running: 'fine', ownChaincodes, progress, signal });
  const unit = options.unit ? await runUnitSuite(signal) : { passed: 0, failed: 0 };
  if (unit.failed > 0) {
    const { passed, failed } = unit;
    if (options.json) console.log(JSON.stringify({ what: 'ended', verdict: 'failed', unit }));
    else console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = 1;
    return;
  }
  const { run, report } = await runSuite({
    settings,
    provider,
    topology,
    foreign,
    files,
    suite: options.suite,
    seed,
    given: givenSettings(settings, options),
    ownChaincodes,
    added: [options.chaincode, options.chaincodeUpgrade].filter((given) => given !== undefined),
    keep: options.keep ?? false,
    told: options.json ? 'json' : 'lines',
    progress,
    interruption,
    started,
  });
  await reportToGitHub(run, report);
  if (options.json) {
    const { passed, failed, skipped } = tally(run);
    const results = path.join(path.dirname(report), 'results.json');
    const ended = { what: 'ended', verdict: runVerdict(run), passed, failed, skipped };
    console.log(JSON.stringify({ ...ended, seed, results, unit }));
  } else {
    console.log(
      formatScorecard(run, {
        colour: process.stdout.isTTY === true,
        width: columnsOf(process.stdout),
        report: path.relative(process.cwd(), report),
      }),
    );
    console.log(closingLine(run, unit.passed));
  }
  process.exitCode = signal.aborted ? 130 : runVerdict(run) === 'passed' ? 0 : 1;
}

/** The chaincode that was given, and the build that scenarios upgrade it to, whose name ends in `-upgrade`. */
function ownChaincodesOf(options: TestOptions): OwnChaincode[] {
  const { chaincode, chaincodeName, chaincodeUpgrade, chaincodeCollections } = options;
  if (!chaincode) {
    if (chaincodeUpgrade === undefined) return [];
    throw new UsageError(['--chaincode-upgrade: expected --chaincode with it, seen none']);
  }
  const definition = {
    version: options.chaincodeVersion,
    policy: options.chaincodePolicy,
    initRequired: options.chaincodeInit,
  };
  const collections = chaincodeCollections && path.resolve(chaincodeCollections);
  const own = parseOwnChaincode(chaincode, chaincodeName, { ...definition, collections });
  if (chaincodeUpgrade === undefined) return [own];
  const version = '2.0';
  const name = `${own.name}-upgrade`;
  return [own, parseOwnChaincode(chaincodeUpgrade, name, { ...definition, version })];
}

/** Where a network that others run is found; looked at before anything is started. */
async function foreignPlace(options: TestOptions): Promise<ForeignPlace | undefined> {
  const { network, identity = [], channel, couchdb = [], asLocalhost = false } = options;
  if (network === undefined) {
    const [given] = (['identity', 'channel', 'couchdb'] as const).filter(
      (name) => options[name] !== undefined,
    );
    if (given === undefined) return undefined;
    throw new UsageError([`test: --${given} goes with --network, seen without`]);
  }
  if (channel === undefined) {
    throw new UsageError([
      'test: --channel: expected a channel for the scenarios alone, where the chaincode is committed; seen none',
    ]);
  }
  if (options.chaincode !== undefined) {
    throw new UsageError([
      'test: --chaincode: expected none on a network that others run: scenarios name one that is there',
    ]);
  }
  const place = {
    profile: path.resolve(network),
    identities: identity.map(identityFolder).map(({ folder, ...rest }) => ({
      folder: path.resolve(folder),
      ...rest,
    })),
    ...{ channel, couchdb, asLocalhost },
  };
  (await foreignNetwork(place)).ledgers.close();
  return place;
}

function seedOf(settings: Settings, options: TestOptions): number {
  if (options.seed === undefined) return settings.seed ?? randomInt(0, 2 ** 32);
  if (!/^\d{1,10}$/.test(options.seed) || Number(options.seed) >= 2 ** 32) {
    throw new UsageError([
      `--seed: expected a whole number below 4294967296, seen "${options.seed}"`,
    ]);
  }
  return Number(options.seed);
}
