import fc from 'fast-check';
import { stringify } from 'yaml';
import { serviceName } from '../../swarm/deploy.ts';
import { componentsOf } from '../../topology/components.ts';
import { parseTopology } from '../../topology/load.ts';
import { topologies } from '../../topology/testing/random-topology.ts';
import { artefactJob } from '../artefacts/artefacts.ts';
import { endpointsOf, endpointsOfChannel } from '../endpoints.ts';
import { createCredentials } from '../identities/credentials.ts';
import { createIdentities } from '../identities/identities.ts';
import { connectionProfile } from '../profile/connection-profile.ts';
import { networkServices } from './network.ts';

/** Keys of a few dozen nodes take some tenths of a second, on a busy machine more. */
const BUDGET_MS = 120_000;

describe('a topology of any shape', () => {
  it('loads', () => {
    fc.assert(
      fc.property(topologies, (data) => {
        expect(() => parseTopology(stringify(data), 'random.yaml')).not.toThrow();
      }),
      { numRuns: 200 },
    );
  });

  it(
    'has a service for every component, each with a name and ports of its own, and an endpoint for every node',
    async () => {
      await fc.assert(
        fc.asyncProperty(topologies, async (data) => {
          const topology = parseTopology(stringify(data), 'random.yaml');
          const addresses = Object.fromEntries(
            topology.machines.map(({ number }) => [number, `10.213.0.${10 + number}`]),
          );
          const identities = await createIdentities(topology, addresses);
          const credentials = createCredentials(topology);
          const services = networkServices(
            {
              ...{ topology, identities, credentials, addresses },
              officialCouchdb: false,
            },
            { genesis: Buffer.from('genesis'), forApi: {} },
            { bank: { packageId: 'bank_1.0:0123', tls: true } },
          );
          expect(services.map(({ name }) => name).sort()).toEqual(
            componentsOf(topology)
              .map(({ name }) => name)
              .sort(),
          );
          const names = services.map(({ name }) => serviceName(name));
          expect(new Set(names).size).toBe(names.length);
          for (const name of names) expect(name).toMatch(/^[a-z0-9-]{1,63}$/);
          const ports = services.flatMap(({ machine, ports: published = [] }) =>
            published.map(({ host }) => `${machine}:${host}`),
          );
          expect(new Set(ports).size).toBe(ports.length);
          const machines = topology.machines.map(({ number }) => number);
          for (const { machine } of services) expect(machines).toContain(machine);

          const endpoints = endpointsOf(topology, identities, addresses);
          for (const { name, organisations } of topology.channels) {
            const members = endpointsOfChannel(endpoints, topology, name);
            expect(members.organisations).toHaveLength(organisations.length);
          }
          const job = artefactJob(topology, identities, {
            genesis: true,
            channels: topology.channels,
          });
          expect(Object.keys(job.outputs)).toHaveLength(topology.channels.length + 1);
          const profile = connectionProfile(topology, identities);
          expect(Object.keys(profile.peers)).toHaveLength(endpoints.peers.length);
        }),
        { numRuns: 4 },
      );
    },
    BUDGET_MS,
  );
});
