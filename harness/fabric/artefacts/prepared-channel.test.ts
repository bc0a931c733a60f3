import { GENESIS } from './artefacts.ts';
import { artefactFiles } from './prepared-channel.ts';

describe('artefactFiles', () => {
  it('names transactions and packages as the REST API looks for them, without the genesis block', () => {
    const bytes = Buffer.from('content');
    expect(
      Object.keys(
        artefactFiles(
          { [GENESIS]: bytes, walkchannel: bytes, walkchannel_Org1MSPanchors: bytes },
          { 'bank_1.0': bytes },
        ),
      ),
    ).toEqual(['walkchannel.tx', 'walkchannel_Org1MSPanchors.tx', 'bank_1.0.tar.gz']);
  });
});
