import { Command, Option } from 'commander';
import type { AuditOptions } from './audit.ts';
import { type GlobalOptions, settingsFrom } from './context.ts';
import { failureOf } from './failure.ts';
import type { ImagesOptions } from './images.ts';
import type { MigrateOptions } from './migrate.ts';
import type { TestOptions } from './test-options.ts';
import { silenceWarning } from './warnings.ts';

// kafkajs computes a throttle that has passed already; Node 24 remarks on it, and it does no harm.
silenceWarning('TimeoutNegativeWarning');

/**
 * The `harness` command. Commands load what they need when they run, so that `--help` and wrong input answer at once.
 * Exit codes: 0 done, 1 failed, 2 wrong input (nothing was started), 130 interrupted.
 */
const program = new Command('harness')
  .description(
    'Proves by experiment what a Kafka-ordered Hyperledger Fabric network on Docker Swarm survives.',
  )
  .option('--name <name>', 'name of the network (HARNESS_NAME)')
  .addOption(new Option('--topology <name|file>', 'placement (HARNESS_TOPOLOGY)'))
  .showSuggestionAfterError()
  .exitOverride();

const globals = (): GlobalOptions => program.opts();
const settings = () => settingsFrom(globals());

program
  .command('up')
  .description('bring the network up, to the first committed transfer; it outlives the command')
  .option('--json', 'print the result as one JSON document')
  .action(async (options: { json?: boolean }) => {
    const { up } = await import('./up.ts');
    await up(settings(), options);
  });

program
  .command('down')
  .description('remove the network and everything that belongs to it')
  .option('--all', 'every network of the harness on this engine')
  .action(async (options: { all?: boolean }) => {
    const { down } = await import('./down.ts');
    await down(settings(), options);
  });

program
  .command('status')
  .description('what runs where, in which state')
  .option('--json', 'print as JSON')
  .action(async (options: { json?: boolean }) => {
    const { status } = await import('./status.ts');
    await status(settings(), options);
  });

program
  .command('logs')
  .description("a component's log")
  .argument('<component>', 'e.g. orderer0, peer0.org1, kafka2, machine3')
  .option('-f, --follow', 'go on with what is written from now on')
  .option('-n, --tail <lines>', 'only the last lines', 'all')
  .action(async (component: string, options: { follow?: boolean; tail: string }) => {
    const { logs } = await import('./logs.ts');
    await logs(settings(), component, options);
  });

program
  .command('token')
  .description("a token of an organisation's admin at the REST API")
  .argument('[organisation]', "default: the topology's first")
  .option('--user <name>', 'an admin apart from the one that the walk and its examples use')
  .action(async (organisation: string | undefined, options: { user?: string }) => {
    const { token } = await import('./token.ts');
    await token(settings(), organisation, options);
  });

program
  .command('exec')
  .description("run a command in a component's container")
  .argument('<component>', 'e.g. orderer0, peer0.org1, kafka2, machine3')
  .argument('<command...>', 'after --')
  .action(async (component: string, command: string[]) => {
    const { exec } = await import('./exec.ts');
    await exec(settings(), component, command);
  });

program
  .command('doctor')
  .description('every prerequisite with found, needed and fix, and what the engine can do')
  .option('--json', 'print as JSON')
  .action(async (options: { json?: boolean }) => {
    const { doctor } = await import('./doctor.ts');
    await doctor(settings(), options);
  });

program
  .command('images')
  .description('make sure that every image exists, and list them')
  .option('--hash', 'only print one hash over everything that goes into the images (for caches)')
  .option('--remove', 'remove the images and the golden volume')
  .option('--save <folder>', 'write them into a folder, to be cached or carried to another machine')
  .option('--load <folder>', 'take them from a folder that --save has written')
  .option('--json', 'print as JSON')
  .action(async (options: ImagesOptions) => {
    const { images } = await import('./images.ts');
    await images(settings(), options);
  });

program
  .command('test')
  .description('run a scenario suite, or scenario files, on one network; audit, report')
  .option('--scenario <file...>', 'scenario files (*.scenario.ts), anywhere')
  .option('--suite <name>', 'folder of scenarios/', 'pull-request')
  .option('--shard <number/of>', 'only a part of the files, e.g. 1/3: every third one')
  .option('--seed <number>', 'repeat schedule and workload of an earlier run (HARNESS_SEED)')
  .option(
    '--chaincode <folder|image>',
    'your chaincode: a folder with a Dockerfile or with sources in Go, Node, TypeScript or for Maven, or an image',
  )
  .option(
    '--chaincode-policy <policy>',
    "who must endorse: AND('Org1MSP.peer', 'Org2MSP.peer') or the path of a channel's policy",
  )
  .option('--chaincode-collections <file>', "by default the folder's collections_config.json")
  .option('--chaincode-init', 'the chaincode must be initialised by a call with init first')
  .option('--chaincode-name <name>', "its name; by default the folder's or image's")
  .option('--chaincode-version <version>', 'the version that channels are told; by default 1.0')
  .option(
    '--chaincode-upgrade <folder|image>',
    'another build of it, served as NAME-upgrade, that scenarios upgrade to',
  )
  .option('--unit', 'run the unit suite first')
  .option('--network <profile>', 'on a network that others run; faults are commands of yours')
  .option('--identity <folder...>', 'of it: MSP folders of members to send as, or MSPID=FOLDER')
  .option('--channel <name>', 'of it: a channel for the scenarios alone')
  .option('--couchdb <peer=url...>', "of it: a peer's database, http://user:password@host:port")
  .option('--as-localhost', "of it: nodes of the channel's configuration are on this host's ports")
  .option('--keep', 'leave the network running')
  .option('--json', 'say what happens as JSON, one object a line, and at the end how it went')
  .action(async (options: TestOptions) => {
    const { test } = await import('./test.ts');
    await test(settings(), options);
  });

program
  .command('export')
  .description('write profiles, identities and environment to talk to the running network with')
  .argument('<folder>', 'new, empty, or of an earlier export; it will hold private keys')
  .action(async (folder: string) => {
    const { exportNetwork } = await import('./export.ts');
    await exportNetwork(settings(), folder);
  });

program
  .command('migrate')
  .description(
    'take the running network along the way out of Kafka: raft, no-system-channel, fabric3, bft, or all. Prints a runbook at the end',
  )
  .argument('<leg...>', 'raft, no-system-channel, fabric3, bft, or all')
  .option('--until <step>', 'stop after a step of the (last) leg; run again to go on')
  .option('--abort', 'take back what can be of a leg')
  .option(
    '--clients <number>',
    'so many clients transfer money all the way, and the chain is held against what they were told',
  )
  .action(async (legs: string[], options: MigrateOptions) => {
    const { migrate } = await import('./migrate.ts');
    await migrate(settings(), legs, options);
  });

program
  .command('audit')
  .description(
    'judge a saved run or scenario again, offline; without a folder, audit the running network, or with --network one that others run. Exits with 0 valid, 1 invalid, 2 wrong input or nothing could be read, 3 unknown',
  )
  .argument('[folder]', 'a run folder or a scenario folder, e.g. reports/latest')
  .option('--network <profile>', 'connection profile of a network that others run; only read')
  .option('--identity <folder>', 'MSP folder of the member to read as: signcerts/, keystore/')
  .option('--channel <name...>', "default: those of the profile, or of its organisation's peers")
  .option('--from <block>', 'read earlier blocks of one node only')
  .option('--couchdb <peer=url...>', "a peer's database: http://user:password@host:port")
  .option('--query <call...>', 'ask every peer the same: CHAINCODE:["FUNCTION", "ARGUMENT", …]')
  .option('--as-localhost', "nodes of the channel's configuration are on this host's ports")
  .option('--rate <megabytes>', 'most that is read a second, over all nodes')
  .option('--watch [seconds]', 'go on until interrupted, with a pause of 10 s: new blocks, lag')
  .option('--save <folder>', 'keep what was read, to be judged again by: harness audit FOLDER')
  .option('--json', 'print as JSON')
  .action(async (folder: string | undefined, options: AuditOptions) => {
    const { audit } = await import('./audit.ts');
    await audit(settings, folder, options);
  });

program
  .command('report')
  .description(
    'write the report of a saved run again; of several runs, a table of what each placement survives',
  )
  .argument('<folder...>', 'run folders, e.g. reports/latest')
  .action(async (folders: string[]) => {
    const { report: rewrite } = await import('./report.ts');
    await rewrite(folders);
  });

program
  .command('trend')
  .description('compare nights: survival, recovery, share ok, throughput, start, audit, benches')
  .argument('<folder...>', 'one a night, oldest first; or one folder with a folder for each night')
  .option('--json', 'print as JSON')
  .option('--markdown', 'print as Markdown, e.g. for a job summary')
  .action(async (folders: string[], options: { json?: boolean; markdown?: boolean }) => {
    const { trend } = await import('./trend.ts');
    trend(folders, options);
  });

program
  .command('uninstall')
  .description('remove all that the harness has left on this host, packages included; not reports')
  .option('--dry-run', 'only say what would be done')
  .option('--keep-packages', 'leave packages and system settings as they are')
  .action(async (options: { dryRun?: boolean; keepPackages?: boolean }) => {
    const { uninstall } = await import('./uninstall.ts');
    await uninstall(settings(), options);
  });

let exitCode = 0;
try {
  await program.parseAsync();
  exitCode = Number(process.exitCode ?? 0);
} catch (error) {
  const failure = failureOf(error, Boolean(process.env.DEBUG));
  for (const line of failure.lines) console.error(line);
  ({ exitCode } = failure);
}
// Connections that libraries keep alive must not keep the command alive; what was printed is flushed first.
for (const stream of [process.stdout, process.stderr]) {
  if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
}
process.exit(exitCode);
