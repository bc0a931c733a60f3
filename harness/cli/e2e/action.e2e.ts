import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectFolder } from '../../base/project.ts';
import { clientFor } from '../../engine/endpoint.ts';
import { runVerdict } from '../../report/summary.ts';
import { artefacts, commitAll, copyOfProject, runWorkflow } from './support/act.ts';
import { temporaryFolder } from './support/command.ts';
import { startHostEngine } from './support/host-engine.ts';

const CHECKOUT = /uses: (actions\/checkout@\S+)/;

/** Files of the README's part about CI, by the path in their first line. */
function pastedFiles(): Map<string, string> {
  const readme = readFileSync(path.join(projectFolder, 'README.md'), 'utf8');
  const [part = ''] = readme.split('## In CI\n').slice(1, 2);
  const blocks = [
    ...(part.split('\n## ')[0] ?? '').matchAll(/```\w+\n(?:#|\/\/) (\S+)\n(.*?)```/gs),
  ];
  return new Map(blocks.map(([, file = '', text = '']) => [file, text]));
}

function write(folder: string, files: Iterable<readonly [string, string]>): void {
  for (const [file, text] of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
}

const OWN_WORKFLOW = (checkout: string) => `
name: Own
on: push
permissions:
  contents: read
jobs:
  own:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    strategy:
      matrix:
        seed: [11]
    steps:
      - uses: ${checkout}
      - run: npm ci --prefix chaincode/notes --omit=dev --no-audit --no-fund
      - uses: OWNER/fabric-swarm-harness@COMMIT
        id: resilience
        with:
          scenarios: resilience/**/*.scenario.ts
          chaincode: chaincode/notes
          chaincode-name: diary
          topology: networks/mine.yaml
          seed: \${{ matrix.seed }}
          reports: out/reports
      - if: always()
        id: after
        env:
          OUTPUTS: \${{ toJSON(steps.resilience.outputs) }}
        run: echo "outputs=$(jq -c . <<< "$OUTPUTS")" >> "$GITHUB_OUTPUT"
`;

const NOTES = `
import { readFileSync } from 'node:fs';
import shim from 'fabric-shim';

const chaincode = {
  Init: async () => shim.success(),
  Invoke: async (stub) => {
    const { fcn, params } = stub.getFunctionAndParameters();
    if (fcn !== 'write') return shim.error(\`unknown function \${fcn}\`);
    await stub.putState(params[0], Buffer.from(params[1]));
    return shim.success(Buffer.from(params[1]));
  },
};
const { env } = process;
await shim.server(chaincode, {
  ccid: env.CHAINCODE_ID,
  address: env.CHAINCODE_SERVER_ADDRESS,
  tlsProps: {
    key: readFileSync(env.CHAINCODE_TLS_KEY_FILE),
    cert: readFileSync(env.CHAINCODE_TLS_CERT_FILE),
  },
}).start();
`;

const LOAD = `load: calls({
    chaincode: 'diary',
    clients: 2,
    setUp: [],
    next: (client, number) => ({ function: 'write', args: [\`note-\${client}-\${number}\`, 'text'] }),
  }),
  duration: seconds(4),`;

const OWN_FILES = {
  'chaincode/notes/Dockerfile':
    'ARG NODE_IMAGE\nFROM $NODE_IMAGE\nWORKDIR /app\nCOPY . ./\nENTRYPOINT ["node", "main.js"]\n',
  'chaincode/notes/main.js': NOTES,
  'resilience/deep/notes.scenario.ts': `import { calls, scenario, seconds } from 'fabric-swarm-harness';

scenario('notes are written', {
  ${LOAD}
  // A runner that is busy with other things writes few in this time, and none of them is lost.
  expect: { operations: 2 },
});
`,
  'resilience/impossible.scenario.ts': `import { calls, scenario, seconds } from 'fabric-swarm-harness';

scenario('more notes than there is time for', {
  ${LOAD}
  expect: { operations: 1_000_000 },
});
`,
};

describe('the action in a repository of somebody else', () => {
  const place = temporaryFolder();
  const folder = path.join(place.path, 'runner');
  const action = path.join(place.path, 'fabric-swarm-harness');
  const repositories = { 'OWNER/fabric-swarm-harness@COMMIT': action };
  beforeAll(() => {
    copyOfProject(action);
  });
  afterAll(() => place[Symbol.dispose]());

  it('works as the README says, where only a private engine can be had, and caches the images', async () => {
    const repository = path.join(place.path, 'empty');
    const files = pastedFiles();
    expect([...files.keys()]).toEqual([
      '.github/workflows/resilience.yml',
      'resilience/crash-an-orderer.scenario.ts',
    ]);
    write(repository, files);
    const run = await runWorkflow({
      repository: commitAll(repository),
      workflow: 'resilience.yml',
      event: 'workflow_dispatch',
      repositories,
      folder,
      env: { HARNESS_NAME: 'e2e-a' },
    });
    expect([run.green, run.green ? '' : run.log]).toEqual([true, '']);
    expect(run.annotations.filter(({ level }) => level === 'error')).toEqual([]);
    expect(run.summary).toContain('## Resilience: passed (1 passed, 0 failed)');
    expect(run.summary).toMatch(/\| an orderer crashes \| ✅ passed \|/);
    const output = (name: string) => run.outputs.get(`resilience test ${name}`);
    expect([output('verdict'), output('passed'), output('failed')]).toEqual(['passed', '1', '0']);
    const kept = artefacts(folder);
    expect(Object.keys(kept)).toEqual(['resilience-report-resilience-0-0-1']);
    const [report = []] = Object.values(kept);
    const inReport = path.relative('reports', output('report') ?? '');
    expect(report).toContain(inReport);
    expect(report.filter((file) => file.startsWith('latest'))).toEqual([]);
  });

  it('tests a chaincode of its own on the images of the cache, and is red where a scenario is', async () => {
    await using engine = await startHostEngine(path.join(place.path, 'engine'));
    expect(await clientFor(engine.host).listImages()).toEqual([]);
    const repository = path.join(place.path, 'own');
    const [, checkout = ''] =
      CHECKOUT.exec(readFileSync(path.join(projectFolder, 'README.md'), 'utf8')) ?? [];
    const workflow = OWN_WORKFLOW(checkout);
    write(repository, Object.entries({ ...OWN_FILES, '.github/workflows/own.yml': workflow }));
    for (const file of ['package.json', 'package-lock.json']) {
      const from = path.join(projectFolder, 'fixtures/chaincode/bank', file);
      cpSync(from, path.join(repository, 'chaincode/notes', file));
    }
    const article = path.join(projectFolder, 'fixtures/network/article.yaml');
    mkdirSync(path.join(repository, 'networks'));
    cpSync(article, path.join(repository, 'networks/mine.yaml'));
    const run = await runWorkflow({
      repository: commitAll(repository),
      workflow: 'own.yml',
      event: 'push',
      repositories,
      folder,
      env: { HARNESS_NAME: 'e2e-b', DOCKER_HOST: engine.host, HARNESS_ENGINE: 'existing' },
    });
    expect([run.green, run.green ? run.log : '']).toEqual([false, '']);
    expect(run.steps.get('own: OWNER/fabric-swarm-harness@COMMIT')).toBe('failure');
    expect(run.log).toContain('loaded the images of');
    expect(run.log).not.toMatch(/ {2}s? compile |saved the images/);
    const outputs = JSON.parse(run.outputs.get('own after outputs') ?? '{}');
    expect(outputs).toMatchObject({
      verdict: 'failed',
      passed: '1',
      failed: '1',
      artifact: 'resilience-report-own-0-0-1',
    });
    expect(outputs.report).toMatch(/^out\/reports\/.*\/index\.html$/);
    expect(run.summary).toMatch(/\| more notes than there is time for<br>.*\| ❌ failed \|/);
    expect(run.summary).toMatch(/\| notes are written \| ✅ passed \|/);
    expect(run.annotations).toContainEqual(
      expect.objectContaining({
        level: 'error',
        title: 'more notes than there is time for: failed',
        file: 'resilience/impossible.scenario.ts',
        line: '3',
      }),
    );
    const kept = artefacts(folder)[outputs.artifact] ?? [];
    const inReport = (file: string) => path.relative('out/reports', file);
    expect(kept).toContain(inReport(outputs.report));
    expect(kept.filter((file) => file.endsWith('history.jsonl'))).toHaveLength(2);
    const results = path.join(folder, 'artifacts', outputs.artifact, inReport(outputs.results));
    expect(runVerdict(JSON.parse(readFileSync(results, 'utf8')))).toBe('failed');
  });
});
