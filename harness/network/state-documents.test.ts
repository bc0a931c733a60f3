import { databaseName } from './state-documents.ts';

it("databases are named by channel and chaincode's namespace", () => {
  expect(databaseName('mychannel', 'bank')).toBe('mychannel_bank');
});
