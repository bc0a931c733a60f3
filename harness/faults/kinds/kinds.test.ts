import * as exported from '../index.ts';
import type { FaultKind } from '../kind.ts';
import type { Fault, FaultContext } from '../model.ts';
import { component, machine } from '../roles.ts';
import { fakeContext, fakeMachine } from '../testing/fakes.ts';
import { delay } from './delay.ts';
import { fullDisk } from './full-disk.ts';
import { isolate } from './isolate.ts';
import { isShare, loss } from './loss.ts';
import { loseMachine } from './machine.ts';
import { rate } from './rate.ts';
import { restartInTurn } from './restart.ts';
import { starve } from './starve.ts';
import { upgrade } from './upgrade.ts';

const scene = () => {
  const machines = [
    fakeMachine(1, { orderer0: { pid: 10, address: '10.214.0.10' } }),
    fakeMachine(2, { kafka2: { pid: 22, address: '10.214.0.22' } }),
    fakeMachine(3, {
      kafka0: { pid: 30, address: '10.214.0.30' },
      kafka1: { pid: 31, address: '10.214.0.31' },
    }),
  ];
  return { machines, context: fakeContext(machines) };
};

/** Rules that the fault puts in force, without the names of chains. */
async function rulesOf(
  { machines, context }: ReturnType<typeof scene>,
  fault: ReturnType<typeof isolate>,
  number: number,
): Promise<string[]> {
  const active = await fault.prepare(context, await fault.role.resolve(context));
  await active.inject();
  const commands = machines[number - 1]?.commands.join('\n') ?? '';
  return [...commands.matchAll(/-A HF-([IO])-\w+ ([^\n']*)/g)].map(([, d, spec]) => `${d} ${spec}`);
}

describe('isolation', () => {
  it('leaves a component its loopback', async () => {
    expect(await rulesOf(scene(), isolate(component('kafka0')), 3)).toEqual([
      'I ! -i lo -j DROP',
      'O ! -o lo -j DROP',
    ]);
  });

  it('cuts off named peers only, at their addresses of now', async () => {
    const fault = isolate(component('kafka0'), { from: component('kafka2'), direction: 'in' });
    expect(await rulesOf(scene(), fault, 3)).toEqual(['I -s 10.214.0.22 -j DROP']);
  });

  it('takes a machine for the components on it', async () => {
    const fault = isolate(component('orderer0'), { from: machine(3), direction: 'out' });
    expect(await rulesOf(scene(), fault, 1)).toEqual([
      'O -d 10.214.0.30 -j DROP',
      'O -d 10.214.0.31 -j DROP',
    ]);
  });

  it('of a machine leaves its Docker API to the harness', async () => {
    expect(await rulesOf(scene(), isolate(machine(2), { direction: 'in' }), 2)).toEqual([
      'I -i eth0 -p tcp --dport 2376 -j RETURN',
      'I -i eth0 -j DROP',
    ]);
  });

  it.each([
    ['data', ['I -i eth0 -p udp --dport 4789 -j DROP']],
    [
      'control',
      [
        'I -i eth0 -p tcp -m multiport --ports 2377,7946 -j DROP',
        'I -i eth0 -p udp -m multiport --ports 7946 -j DROP',
      ],
    ],
  ] as const)('of a machine can be of the %s plane', async (plane, expected) => {
    const fault = isolate(machine(2), { direction: 'in', plane });
    expect((await rulesOf(scene(), fault, 2)).slice(1)).toEqual(expected);
  });

  it('registers its heal before the first rule', async () => {
    const { machines, context } = scene();
    const fault = isolate(component('kafka0'));
    const active = await fault.prepare(context, await fault.role.resolve(context));
    let rules = 0;
    context.guard.register = async () => {
      rules = machines[2]?.commands.filter((c) => c.includes('-A HF-')).length ?? -1;
    };
    await active.inject();
    expect(rules).toBe(0);
    expect(machines[2]?.commands.some((c) => c.includes('-A HF-'))).toBe(true);
  });

  it.each([
    [
      'a plane of a component',
      isolate(component('kafka0'), { plane: 'data' }),
      'for machines only',
    ],
    [
      'a machine from a component',
      isolate(machine(2), { from: component('kafka0') }),
      'seen kafka0',
    ],
    [
      'a component from one that does not run',
      isolate(component('kafka0'), { from: component('kafka3') }),
      'nothing runs',
    ],
  ])('refuses %s', async (_, fault, message) => {
    const { context } = scene();
    const targets = await fault.role.resolve(context);
    await expect(fault.prepare(context, targets)).rejects.toThrow(message);
  });

  it('is not confirmed without rules', async () => {
    const { context } = scene();
    const fault = isolate(component('kafka0'));
    const active = await fault.prepare(context, await fault.role.resolve(context));
    expect(await active.verify()).toMatchObject({ confirmation: 'not-confirmed' });
  });
});

describe('parameters and targets', () => {
  it.each([
    ['loss of nothing', () => loss(component('kafka0'), 0)],
    ['loss of more than all', () => loss(component('kafka0'), 101)],
    ['a jitter larger than the delay', () => delay(component('kafka0'), 10, { jitter: 11 })],
    ['no delay', () => delay(component('kafka0'), 0)],
    ['no rate', () => rate(component('kafka0'), Number.NaN)],
    ['no CPU', () => starve(component('kafka0'), 0)],
    ['less than no space', () => fullDisk(component('kafka0'), { free: -1 })],
  ])('%s is refused when the scenario is written', (_, make) => {
    expect(make).toThrow(RangeError);
  });

  it.each([
    ['machines', restartInTurn(machine(2)), 'expected components, seen machine2'],
    ['components', loseMachine(component('kafka0')), 'expected machines, seen kafka0'],
  ])('%s are refused where they mean nothing', async (_, fault, message) => {
    const context: FaultContext = scene().context;
    const targets = await fault.role.resolve(context);
    await expect(fault.prepare(context, targets)).rejects.toThrow(message);
  });

  it('is not available where the kernel lacks it, and says why', async () => {
    const { machines, context } = scene();
    Object.assign(machines[0] ?? {}, {
      exec: async () => ({ exitCode: 2, stdout: '', stderr: 'Specified qdisc kind is unknown.' }),
    });
    expect(await rate(component('kafka0'), 100).available(context)).toContain('kind is unknown');
    expect(await delay(component('kafka0'), 100).available(context)).toContain('neither netem');
  });
});

describe('a measured share of lost packets', () => {
  it.each([
    [20, 80, 0.2, true],
    [0, 100, 0.2, false],
    [60, 40, 0.2, false],
    [100, 0, 1, true],
    [40, 1_960, 0.02, true],
  ])('of %i dropped and %i passed fits %d: %s', (hit, passed, share, fits) => {
    expect(isShare({ hit, passed }, share)).toBe(fits);
  });

  it('without a count fits nothing', () => expect(isShare(undefined, 0.5)).toBe(false));
});

describe('an upgrade of a chaincode', () => {
  const submits = () => {};
  /** Peers that have a definition of these sequences. */
  const upgraded = async (...sequences: readonly number[]) => {
    const peers = sequences.map((_, index) => ({ name: `peer${index}` }));
    const asked: unknown[] = [];
    const ledgers = {
      members: () => ({ peers }),
      upgrade: async (...given: unknown[]) => {
        asked.push(given);
        return { version: '2.0', sequence: 2, packageId: 'asset-2_2.0:ab' };
      },
      definition: async (peer: string) => ({
        version: '2.0',
        sequence: sequences[peers.findIndex(({ name }) => name === peer)],
      }),
    };
    const context = { ...fakeContext(), channel: 'c', submits };
    const network = { ...context.network, ledgers } as unknown as FaultContext['network'];
    const fault = upgrade('asset', { to: 'asset-2' });
    const active = await fault.prepare({ ...context, network }, []);
    const before = await active.verify();
    await active.inject();
    return { asked, before, after: await active.verify(), healed: await active.verifyHealed() };
  };

  it('is confirmed when every peer has the new definition, and stays', async () => {
    const { asked, before, after, healed } = await upgraded(2, 2);
    expect(asked).toEqual([['c', 'asset', 'asset-2', submits]]);
    expect(before.confirmation).toBe('inconclusive');
    expect(after).toMatchObject({
      confirmation: 'confirmed',
      evidence:
        'peer0 has asset 2.0, sequence 2; peer1 has asset 2.0, sequence 2; package asset-2_2.0:ab',
    });
    expect(healed.confirmation).toBe('confirmed');
  });

  it('is not when a peer goes on with the old one', async () => {
    expect((await upgraded(2, 1)).after.confirmation).toBe('not-confirmed');
  });
});

describe('the kind of a fault', () => {
  const role = component('kafka0');
  const faults: Readonly<Record<FaultKind, Fault>> = {
    clockSkew: exported.clockSkew(role, { by: 60_000 }),
    command: exported.command({ name: 'x', inject: '', verify: '', heal: '' }),
    crash: exported.crash(role),
    delay: exported.delay(role, 1),
    evict: exported.evict(role),
    expireCertificate: exported.expireCertificate(role),
    freeze: exported.freeze(role),
    fullDisk: exported.fullDisk(role),
    isolate: exported.isolate(role),
    loseMachine: exported.loseMachine(role),
    loss: exported.loss(role, 0.1),
    noop: exported.noop(role),
    outOfMemory: exported.outOfMemory(role),
    rate: exported.rate(role, 1_000),
    readOnlyDisk: exported.readOnlyDisk(role),
    restartInTurn: exported.restartInTurn(role),
    rotateCertificate: exported.rotateCertificate(role),
    starve: exported.starve(role, 0.1),
    stop: exported.stop(role),
    upgrade: exported.upgrade('asset', { to: 'asset-2' }),
  };

  it.each(Object.entries(faults))('%s is the name of the function that makes it', (name, fault) => {
    expect(fault.kind).toBe(name);
  });
});
