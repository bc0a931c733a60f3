import { component } from './roles.ts';
import { swappedFiles } from './service-files.ts';
import { fakeContext, fakeMachine } from './testing/fakes.ts';

const PATH = '/etc/hyperledger/orderer/tls/server.crt';
const OTHER = [{ path: PATH, content: 'PEM' }];

async function scene() {
  const containers = { orderer0: { pid: 10, address: '10.214.0.10' } };
  const machine = fakeMachine(1, containers, (command) =>
    command.includes('service inspect -f') ? 'config-old\n' : '',
  );
  const context = fakeContext([machine]);
  const [target] = await component('orderer0').resolve(context);
  if (target?.type !== 'component') throw new Error('expected a component');
  return { machine, context, handle: target.handle };
}

it('has the way back on file before the service is changed', async () => {
  const { machine, context, handle } = await scene();
  let script = '';
  context.guard.register = async (_machine, _id, given) => {
    script = given;
    throw new Error('the machine is gone');
  };
  await expect(swappedFiles(context, handle, 'fault-1', OTHER).apply()).rejects.toThrow('gone');
  expect(machine.commands.some((command) => command.includes('service update'))).toBe(false);
  expect(script).toMatch(
    new RegExp(`--config-rm config-[0-9a-f]{24} --config-add source=config-old,target=${PATH}`),
  );
  // Once it is back, there is nothing left to undo.
  expect(script).toMatch(/grep -q config-[0-9a-f]{24} \|\| exit 0/);
});

it('undoes nothing that was never begun', async () => {
  const { context, handle } = await scene();
  await swappedFiles(context, handle, 'fault-1', OTHER).undo();
  expect(context.guard.log).toEqual([]);
});
