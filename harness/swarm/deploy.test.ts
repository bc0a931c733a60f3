import { serviceName, serviceSpec } from './deploy.ts';
import type { ServiceDefinition } from './service-definition.ts';

const definition: ServiceDefinition = {
  name: 'peer0.org1',
  image: 'fabric',
  machine: 2,
  command: ['peer', 'node', 'start'],
  env: { CORE_PEER_ID: 'peer0.org1' },
  volumes: [{ name: 'peer0-org1-ledger', path: '/var/ledger' }],
  ports: [{ host: 7056, container: 7051 }],
  health: {
    test: ['CMD', 'true'],
    intervalMs: 30_000,
    timeoutMs: 5_000,
    retries: 3,
    startPeriodMs: 1_000,
    startIntervalMs: 250,
  },
};
const options = { manager: {} as never, overlay: 'fabric_net', images: { fabric: 'fabric:1' } };
const spec = (changed: Partial<ServiceDefinition> = {}) =>
  serviceSpec(options, { ...definition, ...changed }, new Map()) as unknown as {
    Name: string;
    TaskTemplate: {
      ContainerSpec: Record<string, never> & { HealthCheck?: Record<string, number> };
      Placement: { Constraints: string[] };
      Networks: { Target: string; Aliases: string[] }[];
      RestartPolicy: { Condition: string };
    };
    EndpointSpec: { Mode: string; Ports: { PublishMode: string; PublishedPort: number }[] };
  };

describe('serviceSpec', () => {
  it('names a service by a DNS label, and the component by an alias', () => {
    expect(serviceName('peer0.org1')).toBe('peer0-org1');
    const { Name, TaskTemplate } = spec();
    expect(Name).toBe('peer0-org1');
    expect(TaskTemplate.ContainerSpec.Hostname).toBe('peer0.org1');
    expect(TaskTemplate.Networks).toEqual([{ Target: 'fabric_net', Aliases: ['peer0.org1'] }]);
    const shared = spec({ name: 'api1', alias: 'api' }).TaskTemplate.Networks[0]?.Aliases;
    expect([shared, spec({ name: 'api', alias: 'api' }).TaskTemplate.Networks[0]?.Aliases]).toEqual(
      [['api'], []],
    );
    expect(spec({ name: 'kafka0' }).TaskTemplate.Networks[0]?.Aliases).toEqual([]);
  });

  it('places by machine, restarts always, has no virtual address and publishes on the machine itself', () => {
    const { TaskTemplate, EndpointSpec } = spec();
    expect(TaskTemplate.Placement.Constraints).toEqual(['node.labels.machine==2']);
    expect(TaskTemplate.RestartPolicy.Condition).toBe('any');
    expect(EndpointSpec.Mode).toBe('dnsrr');
    expect(EndpointSpec.Ports).toMatchObject([{ PublishMode: 'host', PublishedPort: 7056 }]);
  });

  it('speaks nanoseconds', () => {
    expect(spec().TaskTemplate.ContainerSpec.HealthCheck).toMatchObject({
      Interval: 30_000_000_000,
      StartInterval: 250_000_000,
      Timeout: 5_000_000_000,
    });
  });

  it('mounts named volumes and sets the environment', () => {
    const { ContainerSpec } = spec().TaskTemplate;
    expect(ContainerSpec.Env).toEqual(['CORE_PEER_ID=peer0.org1']);
    expect(ContainerSpec.Mounts).toMatchObject([
      { Type: 'volume', Source: 'peer0-org1-ledger', Target: '/var/ledger' },
    ]);
  });

  it('refuses an image or a file that it does not have', () => {
    expect(() => spec({ image: 'nope' })).toThrow('peer0.org1: no image called nope');
    const files = [{ path: '/etc/x', content: 'x', secret: true }];
    expect(() => spec({ files })).toThrow('peer0.org1: no swarm object for /etc/x');
  });
});
