import { component } from '../roles.ts';
import { fakeContext, fakeMachine } from '../testing/fakes.ts';
import { clockSkew } from './clock-skew.ts';

const scene = (arch = 'x86_64') => {
  const machine = fakeMachine(1, { orderer0: { pid: 10, address: '10.214.0.10' } }, (command) =>
    command === 'uname -m' ? arch : '',
  );
  return fakeContext([machine, fakeMachine(2, { kafka2: { pid: 12, address: '10.214.0.12' } })]);
};

it.each([0, 5_000, 60_500, Number.NaN, 1e15])('refuses to set a clock off by %s ms', (by) => {
  expect(() => clockSkew(component('orderer0'), { by })).toThrow('expected whole seconds');
});

it('says where machines are none that it can do this on', async () => {
  const fault = clockSkew(component('orderer0'), { by: 60_000 });
  expect(await fault.available(scene())).toBeUndefined();
  expect(await fault.available(scene('aarch64'))).toContain('aarch64');
});

it('refuses a component that tells nobody its time', async () => {
  const context = scene();
  const fault = clockSkew(component('kafka2'), { by: -60_000 });
  const targets = await fault.role.resolve(context);
  await expect(fault.prepare(context, targets)).rejects.toThrow(
    'kafka2 (kafka) tells nobody its time',
  );
});
