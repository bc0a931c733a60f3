import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serveInsteadOfDialling } from './go-shim.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'shim-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function vendor(shim: string, files: Readonly<Record<string, string>>): string {
  const place = path.join(folder, 'vendor/github.com/hyperledger', shim, 'shim');
  mkdirSync(place, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(place, name), text);
  return place;
}

const START = 'package shim\n\nfunc Start(cc Chaincode) error {\n\treturn nil\n}\n';

describe('serveInsteadOfDialling', () => {
  it.each(['fabric-chaincode-go', 'fabric-chaincode-go/v2'])(
    'has Start of %s serve where there is an address, and call the peer where there is none',
    (shim) => {
      const place = vendor(shim, { 'shim.go': START, 'chaincodeserver.go': 'package shim\n' });
      serveInsteadOfDialling(folder);
      const read = (name: string) => readFileSync(path.join(place, name), 'utf8');
      expect(read('shim.go')).toContain('func startAsClient(cc Chaincode) error {');
      expect(read('serve.go')).toContain('return startAsClient(cc)');
    },
  );

  it('says that the shim is too old, or not there', () => {
    expect(() => serveInsteadOfDialling(folder)).toThrow(/among the modules, seen none/);
    vendor('fabric-chaincode-go', { 'shim.go': START });
    expect(() => serveInsteadOfDialling(folder)).toThrow(/seen an older one/);
  });
});
