import type { LoadClient } from '../../workload/client.ts';
import { channelName, OtherClients, placesOf } from './places.ts';

const load = {
  chaincode: 'mine',
  also: ['yours'],
  channels: { archive: ['books', 'mine'] },
} as const;
const places = placesOf(load, 'own-1');
const client = (name: string) => ({ name }) as LoadClient;
const others = new OtherClients(
  places,
  new Map([
    [OtherClients.keyOf('own-1', 'yours'), [client('yours-0'), client('yours-1')]],
    [OtherClients.keyOf('own-1-2', 'books'), [client('books-0')]],
    [OtherClients.keyOf('own-1-2', 'mine'), [client('mine-0')]],
  ]),
);
const made = (call: { readonly channel?: string; readonly chaincode?: string }) =>
  others.for({ function: 'f', ...call }, client('own'), 1).name;

describe('the places of a scenario', () => {
  it('are its own channel, and the author’s by names that the network has once', () => {
    expect(places).toEqual([
      { name: '', channel: 'own-1', chaincodes: ['mine', 'yours'] },
      { name: 'archive', channel: 'own-1-2', chaincodes: ['books', 'mine'] },
    ]);
    expect(placesOf({ chaincode: 'bank' }, 'c')).toEqual([
      { name: '', channel: 'c', chaincodes: ['bank'] },
    ]);
  });

  it('may have some organisations alone as members', () => {
    const archive = { chaincodes: ['books'], organisations: ['Org2'] } as const;
    expect(placesOf({ ...load, organisations: ['Org1'], channels: { archive } }, 'own-1')).toEqual([
      { name: '', channel: 'own-1', chaincodes: ['mine', 'yours'], organisations: ['Org1'] },
      { name: 'archive', channel: 'own-1-2', chaincodes: ['books'], organisations: ['Org2'] },
    ]);
  });

  it('have clients of their own', () => {
    expect(made({})).toBe('own');
    expect(made({ chaincode: 'yours' })).toBe('yours-1');
    expect(made({ channel: 'archive' })).toBe('books-0');
    expect(made({ channel: 'archive', chaincode: 'mine' })).toBe('mine-0');
  });

  it.each([{ channel: 'attic' }, { chaincode: 'books' }, { channel: 'archive', chaincode: 'x' }])(
    'do not include %j',
    (call) => {
      expect(() => made(call)).toThrow(
        /call of f: expected .*its own with mine, yours; archive with books, mine.*, seen/,
      );
    },
  );

  it('are named in arguments as the network knows them', () => {
    const call = { function: 'f', args: ['a', `of ${channelName('archive')}`] };
    expect(others.named(call).args).toEqual(['a', 'of own-1-2']);
  });
});
