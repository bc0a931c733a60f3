import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { ScenarioResult } from '../../audit/result.ts';
import { endpointsOfChannel } from '../../fabric/endpoints.ts';
import { componentsOf } from '../../topology/components.ts';
import { parseTopology } from '../../topology/load.ts';
import { topologies } from '../../topology/testing/random-topology.ts';
import { harness, succeed, temporaryFolder } from './support/command.ts';
import { expectTransfers, networkCalled } from './support/network.ts';

const NAME = 'e2e-random';
const COUNT = 5;
/** What a runner of two cores starts in a minute. */
const MOST_COMPONENTS = 45;
/** Repeat with HARNESS_RANDOM_SEED. */
const seed = Number(process.env.HARNESS_RANDOM_SEED ?? randomInt(2 ** 31));
const drawn = fc.sample(
  topologies.filter((topology) => {
    const { length } = componentsOf(parseTopology(stringify(topology), 'random'));
    return length <= MOST_COMPONENTS;
  }),
  { seed, numRuns: COUNT },
);

/** Whatever loads also starts, orders a transfer on every channel, and is sound. */
describe(`topologies of random shape, seed ${seed}`, () => {
  afterEach(() => succeed(['--name', NAME, 'down']));

  it.each(drawn.map((topology, index) => [index + 1, topology] as const))(
    'number %i starts, orders and is sound',
    async (_, topology) => {
      using folder = temporaryFolder();
      const file = path.join(folder.path, 'random.yaml');
      writeFileSync(file, stringify(topology));
      const network = ['--name', NAME, '--topology', file];
      await succeed([...network, 'up']);
      const running = await networkCalled(NAME);
      for (const { name } of running.found.topology.channels) {
        const endpoints = endpointsOfChannel(running.endpoints, running.found.topology, name);
        await expectTransfers({ ...running, endpoints, channel: name });
      }
      const audited = await harness([...network, 'audit', '--json']);
      const results = JSON.parse(audited.stdout) as Record<string, ScenarioResult>;
      const invalid = Object.entries(results).flatMap(([name, result]) =>
        (result.audit?.checks ?? [])
          .filter(({ verdict }) => verdict === 'invalid')
          .map(({ id, evidence }) => `${name}: ${id}: ${evidence[0]?.message}`),
      );
      expect(invalid).toEqual([]);
      expect(Object.keys(results)).toHaveLength(running.found.topology.channels.length);
    },
  );
});
