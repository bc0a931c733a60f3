import { busyEngine } from './busy-engine.ts';

const engine = (...args: string[]) => [{ pid: 7, arguments: args }];

describe('the engine of the system', () => {
  it.each([
    [[]],
    [['-H', 'fd://', '--containerd=/run/containerd/containerd.sock']],
    [['--host=unix:///var/run/docker.sock']],
    [['-H=tcp://0.0.0.0:2375', '-H', 'unix:///run/docker.sock']],
  ])('is one that was started with %j', (args) => {
    expect(busyEngine(engine(...args))).toBe(7);
  });

  it.each([
    [['--host', 'unix:///run/fabric-swarm-harness/docker.sock', '--group', 'root']],
    [['-H', 'unix:///tmp/mine.sock']],
  ])('is not one of somebody with a socket of its own: %j', (args) => {
    expect(busyEngine(engine(...args))).toBeUndefined();
  });

  it('is none where none runs', () => {
    expect(busyEngine([])).toBeUndefined();
  });
});
