import { databaseName } from './state-documents.ts';

it("databases are named by channel and chaincode's namespace", () => {
  expect(databaseName('mychannel', 'bank')).toBe('mychannel_bank');
  expect(databaseName('mychannel', '')).toBe('mychannel_');
  expect(databaseName('mychannel', 'bank$$hOrg1')).toBe('mychannel_bank$$h$org1');
});
